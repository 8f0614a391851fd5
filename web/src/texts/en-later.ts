/** English for places that are loaded when somebody goes there. Sentences say what is, then what to do. */
import { count } from "./en.ts";

export const enLater = {
  transfers: {
    title: "Uploads",
    count: (over: number, all: number) =>
      over === all ? `${count(all, "upload", "uploads")} finished` : `Uploading ${over + 1} of ${all}`,
    clear: "Clear finished",
    cancel: (name: string) => `Cancel the upload of ${name}`,
    cancelled: "The upload was cancelled.",
    progressOf: (name: string) => `Progress of ${name}`,
    waiting: "Waiting for its turn",
    sending: (share: number, size: string) => `${share} % of ${size}`,
    stalled: (share: number) => `No connection; it goes on at ${share} % by itself`,
    done: (size: string) => `Done, ${size}`,
  },
  trash: {
    title: "Trash",
    intro: "What was moved here still counts as used disk. Snapshots do not keep it.",
    list: "Deleted files and folders",
    emptyTitle: "The trash is empty",
    empty: "What you move to the trash stays here until you delete it for good.",
    failed: "The trash could not be listed",
    restore: "Put back",
    restoreOf: (path: string) => `Put back ${path}`,
    restored: (path: string) => `${path} is back.`,
    deleteOf: (path: string) => `Delete ${path} for good`,
    emptyAction: "Empty trash",
    emptyQuestion: "Delete all that is in the trash for good?",
    deleted: (when: string) => `deleted ${when}`,
    truncated: "Only the last 1,000 are shown.",
    refused: "That was not done",
  },
  apps: {
    title: "Apps",
    jupyterTitle: "JupyterLab",
    jupyter:
      "Notebooks, several people in each at once. It starts when it is opened, in a few seconds, and ends when nobody uses it.",
    openJupyter: "Open JupyterLab",
    portsTitle: "Ports",
    ports:
      "What programs of this project serve. Only its people can open these; the link works while the program runs.",
    portsList: "Ports that programs listen on",
    portsEmpty:
      "No program listens on a port. Start one in a terminal, for example: python3 -m http.server 8000. It appears here within seconds.",
    openPort: (port: number) => `Open port ${port}`,
    notAll: (address: string) => `listens on ${address}`,
    failed: "The ports could not be listed",
    newTab: "opens in a new tab",
  },
  ssh: {
    title: "SSH",
    intro:
      "Work from your own terminal or editor: ssh, scp, sftp, rsync, and ports of the project with -L. You land where the project's terminals are.",
    command: "Command",
    fingerprint: "Fingerprint of the server, to compare at the first connection",
    projectKeys: "Keys of this project",
    projectHint:
      "Each opens this project alone, for a machine or a program. Keys of your account open all your projects.",
    accountKeys: "SSH keys",
    accountHint: "Each opens all your projects.",
    empty: "No key yet.",
    key: "Public key",
    keyHint: "A line such as “ssh-ed25519 AAAA... you@laptop”: the content of ~/.ssh/id_ed25519.pub.",
    keyNeeded: "Paste a public key.",
    add: "Add key",
    added: (title: string) => `The key “${title}” opens the door now.`,
    remove: "Remove",
    removeOf: (title: string) => `Remove the key ${title}`,
    removeTitle: (title: string) => `Remove the key “${title}”?`,
    removeText: "What was opened with it ends within seconds.",
    used: (when: string) => `last used ${when}`,
    unused: "never used",
    refused: "That was not done",
    failed: "The keys could not be listed",
    copyCommand: "Copy the command",
  },
};
