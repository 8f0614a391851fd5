-- An empty database for the dump, with the encoding and locale of the one in use.
drop database if exists lyceum_restoring with (force);
select format(
    'create database lyceum_restoring owner lyceum_owner template template0 encoding %L %s lc_collate %L lc_ctype %L',
    pg_encoding_to_char(encoding),
    case datlocprovider
        when 'b' then format('locale_provider builtin builtin_locale %L', datlocale)
        when 'i' then format('locale_provider icu icu_locale %L', datlocale)
        else 'locale_provider libc'
    end,
    datcollate,
    datctype
)
from pg_database where datname = 'lyceum' \gexec
