//! E06xx: tables, and looking things up in them.

super::codes! {
    UNKNOWN_TABLE = "E0601", "unknown-table", "no table has this name",
        "Tables are declared by `table NAME key F { ... }` in any of the files that are compiled together, in any order. A row is \
         looked up by its key, and a field of it follows: `customers[customer].segment`.";
    TABLE_KEY = "E0602", "bad-table-key", "a table's key is not one",
        "The key names fields of the table that every row has and that are single values: `table customers key id { id: text  segment: text }`, \
         or several, `table limits key (country, kind) { ... }`.";
    LOOKUP_FORM = "E0603", "bad-look-up", "a look-up is not written as one",
        "`table[k].field` gives a field of the row of this key, `table[k1, k2].field` where the key has two parts, and `x in table` \
         whether there is such a row. A row itself is no value.";
    NO_LOOKUP = "E0604", "no-look-up-here", "nothing can be looked up at this place",
        "A look-up is as of the time of the event at hand, so it takes an event and a time at which the table is known. A key decides where an \
         event goes before that; a function over a loop looks at events of the past. Look it up in a condition, in `with` or in \
         the template, or make a stream that has it with a `derive`.";
    VIEW_KEY = "E0605", "view-key-not-of-the-event", "the key of a look-up in a view is not known from the event at hand",
        "A view keeps each row where its key lives. An event is taken there first, by the key that the look-up names, and goes on to its rule \
         with what was found. So that key is made of the event's own fields, constants and functions of them: not of earlier steps, `with` \
         fields, what a history function finds, or another look-up. A `derive` makes a stream that has such a value as a field.";
    VIEW_FIELD = "E0606", "bad-view-field", "a field of a view cannot be what it is said to be",
        "A view's field says something of the events of its key: `seen = count() over forever`, `home = mode(country) over 90d`. It is worked out when \
         it is looked up, at which moment there is no event of the view's own: so there is nothing previous, and no fields of an event.";
    LISTED = "E0607", "keys-of-no-use", "the keys of a table are of no use here",
        "`by device in devices` watches each key of the table, from its row on and until that is gone, whether it has an event or not. So it goes \
         with what can tell of a key without events: a silence, `match no heartbeat for 3m`, and windows by the clock, `every 1h`, \
         which then give a row for empty windows, too. Anywhere else write `where device in devices`.";
}
