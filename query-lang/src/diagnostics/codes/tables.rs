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
}
