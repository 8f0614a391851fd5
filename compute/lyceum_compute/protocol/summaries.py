"""What each operation of the wire protocol does, in a sentence or two for its page."""

from __future__ import annotations

DAEMON = {
    "host_status": "Says what the host has, what is taken, and what of it may still be promised.",
    "open": "Brings the project onto the host, from its storage host if that has a copy: `closed → opening → opened`.",
    "close": "Stops and saves the project and removes it from the host: `… → closed`; not without a copy.",
    "start": "Opens the project if need be and starts it: `opened → starting → running`. `host_full` if its memory "
    "cannot be promised.",
    "stop": "Ends all processes of the project, then saves it: `stopping → saving → opened`. Breaks off a start.",
    "restart": "Stops the project and starts it again, without a copy in between.",
    "state": "Says how the project is, and nothing happens. Quotas that differ from those known take effect.",
    "save": "Copies the project to its storage host. Asked for more often than allowed, it waits for its turn.",
    "manifest": "Says what a project at rest holds, as one digest, before it moves to another host.",
    "receive_copy": "Fetches a project that moves here, beside its place, and says what came. `host_full` if the host "
    "cannot promise its quotas, or drains.",
    "set_aside": "Puts the files of a project out of the way for some days, as another host has it now: "
    "`closing → closed`. `conflict` if it was changed since its manifest.",
    "accept_copy": "Takes what was received for the project: `opening → opened`. `conflict` if it is not here.",
    "set_quotas": "Lets quotas hold from now on, also in a running project. All of them are given; `invalid` out of "
    "bounds, `host_full` if the host cannot promise so much.",
    "restore_path": "Puts a file or folder of a snapshot back in its place; what is there is set aside.",
    "drop_connections": "Ends open connections to the project (terminals, ports, files, SSH).",
    "create_user": "Makes the project's Linux user, if there is none; so do `open` and `start`.",
    "delete_user": "Removes the Linux user of a closed project; so does `close`. `conflict` while it is not closed.",
    "usage": "Says what the project uses now, and the most since its start.",
    "kill": "Kills all processes of the project at once; it stays `running`.",
    "set_draining": "Marks the host as taking no further projects, or takes the mark away.",
    "stop_all": "Stops every project of the host, as `stop` does, and does not wait for it.",
    "kill_all": "Does `kill` to every running project.",
    "accounting": "Says what was used, by project and hour.",
    "open_transfer": "Begins to read or write a tree of files of a running project.",
    "read_transfer": "Returns the next part of a tree.",
    "write_transfer": "Takes the next part of a tree.",
    "end_transfer": "Forgets a transfer; one that is being written leaves nothing behind.",
    "watch_files": "Tells the caller of changes to a folder or file, by `file_changes`.",
    "unwatch_files": "Ends that.",
    "admit_connection": "Has the gateway expect an SSH connection.",
}
PROJECT = {
    "exec": "Runs a command, and answers when it ends; what it left in the background lives on.",
    "read_text_file": "Returns a file of text in UTF-8; `not_text`, `too_large` (10 MB).",
    "write_text_file": "Writes a file of text.",
    "list_directory": "Lists a folder.",
    "copy_path": "Copies a file or folder.",
    "rename_path": "Moves a file or folder. `conflict` if there is one already, unless `overwrite`.",
    "delete_path": "Deletes a file or folder, or moves it to the trash.",
    "list_trash": "Lists what is in the trash.",
    "restore_from_trash": "Puts something in the trash back.",
    "empty_trash": "Deletes what is in the trash for good.",
    "unpack_archive": "Unpacks a zip archive, whole or not at all.",
    "list_ports": "Lists what the project's programs listen on.",
    "make_directory": "Makes a folder.",
}
WATCH = "Tells of changes to a folder or file by `files_changed`, on this connection, until one side closes it."
STORAGE = {
    "host_status": "Says how full the host is.",
    "prepare": "Makes the place of a project's copy, if there is none; before each copy and each `open`.",
    "snapshot": "Snapshots the copy that was just received whole; `conflict` if it was not: send it again.",
    "list_snapshots": "Lists the snapshots of a project.",
    "list_snapshot_directory": "Lists a folder as it was in a snapshot, by name, at most 10,000 entries.",
    "read_snapshot_file": "Returns a regular file as it was in a snapshot, whole; no link is followed.",
}
