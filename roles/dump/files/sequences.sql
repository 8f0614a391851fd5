-- Statements that let no sequence fall behind where it is now: what was handed out since the dump (the projects' uids above all)
-- lives on on other machines, and must not be handed out again. A sequence that the dump does not have is passed over.
select format(
    'select setval(to_regclass(%1$L), greatest(%2$s, pg_sequence_last_value(to_regclass(%1$L)))) where to_regclass(%1$L) is not null;',
    format('%I.%I', schemaname, sequencename),
    last_value
)
from pg_sequences where last_value is not null;
