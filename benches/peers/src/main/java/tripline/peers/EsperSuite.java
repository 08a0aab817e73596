package tripline.peers;

import java.util.List;
import java.util.function.Function;

/** The workload's queries in EPL. A guard of 60 s ends before an event that lies exactly 60 s behind, as the workload wants it. */
final class EsperSuite implements Suite {
    @Override
    public String title() {
        return "Esper 9.0.0";
    }

    @Override
    public List<Entry> entries() {
        Entries all = new Entries();
        filters(all);
        rows(all);
        patterns(all);
        windows(all);
        letters(all);
        for (int size : Family.SIZES) {
            many(all, size);
        }
        return all.list;
    }

    private static void add(Entries all, String query, String form, String epl) {
        all.add(query, form, epl, startMs -> new EsperPeer(epl, false, startMs));
    }

    private static void filters(Entries all) {
        add(all, "q1", "best", "select id from Tx(amount > 1000)");
        add(all, "q1", "plain", "select * from Tx where amount > 1000");
    }

    /** Three admitted events in a row of a card are the earliest three, and a row pattern skips past its last row. */
    private static void rows(Entries all) {
        add(all, "q2", "best", """
                select * from Tx(amount > 1000) match_recognize (partition by card measures A.id as a, C.id as c
                pattern (A B C) define C as C.ts - A.ts < 60000)""");
        add(all, "q2", "plain", """
                select * from Tx match_recognize (partition by card measures A.id as a, C.id as c pattern (A X*? B Y*? C)
                define A as A.amount > 1000, B as B.amount > 1000 and B.ts - A.ts < 60000, C as C.amount > 1000 and C.ts - A.ts < 60000,
                X as X.amount <= 1000 and X.ts - A.ts < 60000, Y as Y.amount <= 1000 and Y.ts - A.ts < 60000)""");
        String define = """
                 define A as A.amount < 10, B as B.amount < 10 and B.ts - A.ts < 600000, C as C.amount < 10 and C.ts - A.ts < 600000,
                D as D.amount < 10 and D.ts - A.ts < 600000, E as E.amount < 10 and E.ts - A.ts < 600000,
                W as W.amount > 500 and W.ts - A.ts < 600000, X as X.amount > 500 and X.ts - A.ts < 600000,
                Y as Y.amount > 500 and Y.ts - A.ts < 600000, Z as Z.amount > 500 and Z.ts - A.ts < 600000,
                S as S.amount < 10 and S.ts - A.ts < 600000, H as H.amount > 500 and H.ts - A.ts < 600000)""";
        add(all, "q3", "best", """
                select * from Tx(kind = 'auth', amount < 10 or amount > 500) match_recognize (partition by card measures A.id as a, H.id as h
                pattern (A W*? B X*? C Y*? D Z*? E S*? H)""" + define);
        String alike = define.replaceAll("(\\w) as (\\w)\\.amount ([<>]) ", "$1 as $2.kind = 'auth' and $2.amount $3 ");
        String between = alike.replaceAll("([WXYZ]) as [^,]*", "$1 as not ($1.kind = 'auth' and $1.amount < 10) and $1.ts - A.ts < 600000")
                .replaceAll("S as [^,]*", "S as not (S.kind = 'auth' and S.amount > 500) and S.ts - A.ts < 600000");
        add(all, "q3", "plain", """
                select * from Tx match_recognize (partition by card measures A.id as a, H.id as h
                pattern (A W*? B X*? C Y*? D Z*? E S*? H)""" + between);
    }

    private static void patterns(Entries all) {
        add(all, "q4", "best", """
                @name('feed') insert into Auth select * from Tx(kind = 'auth', amount > 100);
                select a.id from pattern [every a=Auth -> (b=Auth(card = a.card, amount > a.amount)
                -> c=Auth(card = a.card, amount > b.amount)) where timer:within(300 sec)]""");
        add(all, "q4", "plain", """
                select a.id from pattern [every a=Tx(kind = 'auth', amount > 100) -> b=Tx(kind = 'auth', card = a.card, amount > a.amount)
                -> c=Tx(kind = 'auth', card = a.card, amount > b.amount)] where c.ts - a.ts < 300000""");
        add(all, "q5", "best", """
                select a.id from pattern [every a=Tx(kind = 'pwd_reset')
                -> (b=Tx(kind = 'transfer', card = a.card) and not Tx(kind = 'pwd_confirm', card = a.card)) where timer:within(3600 sec)]""");
        add(all, "q5", "plain", """
                select a.id from pattern [every a=Tx(kind = 'pwd_reset')
                -> (b=Tx(kind = 'transfer', card = a.card) and not Tx(kind = 'pwd_confirm', card = a.card))] where b.ts - a.ts < 3600000""");
    }

    private static void windows(Entries all) {
        add(all, "q6", "best", "select id, card, sum(amount) as total from Tx#time(600 sec) group by card having sum(amount) > 500000");
        add(all, "q6", "plain", """
                create context PerCard partition by card from Tx;
                context PerCard select id, sum(amount) as total from Tx#time(600 sec) having sum(amount) > 500000""");
        String best = """
                select card, count(distinct merchant) as merchants from Tx#time(600001 milliseconds) group by card
                having count(distinct merchant) >= 20 output snapshot every 60 sec""";
        all.add("q7", "best", best, startMs -> new EsperPeer(best, true, startMs));
        String plain = """
                create context Hop initiated @now and pattern [every timer:interval(60 sec)] terminated after 600 sec;
                context Hop select card, count(distinct merchant) as merchants from Tx group by card
                having count(distinct merchant) >= 20 output snapshot when terminated""";
        all.add("q7", "plain", plain, startMs -> new EsperPeer(plain, true, startMs - 600_000));
    }

    private static void letters(Entries all) {
        for (int n : new int[] {10, 100, 1_000, 10_000}) {
            String ends = " where timer:within(" + (n + 1) + " milliseconds)]";
            String and = " and c.id - a.id <= " + n;
            if (n <= 100) {
                add(all, "q8-" + n, "best", "select a.id from pattern [every a=Letter(type = 'A') -> (every b=Letter(type = 'B') -> every c=Letter(type = 'C'))" + ends);
                add(all, "q8-" + n, "plain", "select a.id from pattern [every a=Letter(type = 'A') -> every b=Letter(type = 'B') -> every c=Letter(type = 'C', id - a.id <= " + n + ")]");
            } else {
                add(all, "q8ne-" + n, "best", "select a.id from pattern [every a=Letter(type = 'A') -> (every b=Letter(type = 'B') -> every c=Letter(type = 'C') -> every z=Letter(type = 'Z'))" + ends);
            }
        }
        add(all, "q8ne-100", "best", "select a.id from pattern [every a=Letter(type = 'A') -> (every b=Letter(type = 'B') -> every c=Letter(type = 'C') -> every z=Letter(type = 'Z')) where timer:within(101 milliseconds)]");
    }

    private static void many(Entries all, int size) {
        family(all, "r1", size, f -> "select id from Tx(merchant = '" + f.merchant() + "', amount > " + f.floor() + ")");
        family(all, "r2", size, f -> "select id, count(*) as n from Tx(amount > " + f.first() + ")#time(" + f.windowSeconds() + " sec) group by card having count(*) >= 3");
        family(all, "r3", size, f -> "select a.id from pattern [every a=Tx(amount > " + f.first() + ") -> (b=Tx(card = a.card, amount > " + f.second()
                + ") -> c=Tx(card = a.card, amount > " + f.third() + ")) where timer:within(60 sec)]");
        family(all, "r3m", size, f -> "select * from Tx(amount > " + f.first()
                + ") match_recognize (partition by card measures A.id as a, C.id as c pattern (A B C) define C as C.ts - A.ts < 60000)");
    }

    private static void family(Entries all, String name, int size, Function<Family, String> rule) {
        all.add(name + "-" + size, "best", rule.apply(Family.of(0)), startMs -> {
            StringBuilder epl = new StringBuilder();
            for (int i = 0; i < size; i++) {
                epl.append(rule.apply(Family.of(i))).append(";\n");
            }
            return new EsperPeer(epl.toString(), false, startMs);
        });
    }
}
