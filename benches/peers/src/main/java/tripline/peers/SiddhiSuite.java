package tripline.peers;

import java.util.List;
import java.util.function.Function;

/**
 * The workload's queries in Siddhi's language. Durations of patterns there include their end, so a strict minute is 59,999 ms.
 * Of q2 and r3m it has no exact form (a group that starts again loses the runs of its later events), none of q3 and q7.
 */
final class SiddhiSuite implements Suite {
    @Override
    public String title() {
        return "Siddhi 5.1.30";
    }

    @Override
    public List<Entry> entries() {
        Entries all = new Entries();
        add(all, "q1", "best", "from Tx[amount > 1000.0] select id insert into Out;");
        add(all, "q1", "plain", "from Tx[amount > 1000.0] select * insert into Out;");
        add(all, "q4", "best", "from Tx[kind == 'auth' and amount > 100.0] select * insert into Auth; partition with (card of Auth) begin "
                + "from every e1=Auth -> e2=Auth[amount > e1.amount] -> e3=Auth[amount > e2.amount] within 299999 millisec select e1.id as a insert into Out; end;");
        add(all, "q4", "plain", "partition with (card of Tx) begin from every e1=Tx[kind == 'auth' and amount > 100.0] -> e2=Tx[kind == 'auth' and amount > e1.amount] "
                + "-> e3=Tx[kind == 'auth' and amount > e2.amount] within 299999 millisec select e1.id as a insert into Out; end;");
        add(all, "q5", "plain", "from every e1=Tx[kind == 'pwd_reset'] -> not Tx[kind == 'pwd_confirm' and card == e1.card] and "
                + "e2=Tx[kind == 'transfer' and card == e1.card] within 3599999 millisec select e1.id as a insert into Out;");
        add(all, "q5", "best", "partition with (card of Tx) begin from every e1=Tx[kind == 'pwd_reset'] -> not Tx[kind == 'pwd_confirm'] and "
                + "e2=Tx[kind == 'transfer'] within 3599999 millisec select e1.id as a insert into Out; end;");
        add(all, "q6", "plain", "partition with (card of Tx) begin from Tx#window.externalTime(ts, 600000 millisec) select id, sum(amount) as total "
                + "having total > 500000.0 insert into Out; end;");
        add(all, "q6", "best", "from Tx#window.externalTime(ts, 600000 millisec) select id, card, sum(amount) as total group by card "
                + "having total > 500000.0 insert into Out;");
        for (int n : new int[] {10, 100}) {
            add(all, "q8-" + n, "best", "from every e1=Letter[type == 'A'] -> every e2=Letter[type == 'B'] -> every e3=Letter[type == 'C' and id - e1.id <= " + n + "] within "
                    + n + " millisec select e1.id as a insert into Out;");
        }
        for (int size : new int[] {10, 100}) {
            family(all, "r1", size, f -> "from Tx[merchant == '" + f.merchant() + "' and amount > " + f.floor() + "] select id insert into Out;\n");
            family(all, "r2", size, f -> "from Tx[amount > " + f.first() + "]#window.externalTime(ts, " + f.windowSeconds()
                    + " sec) select id, card, count() as n group by card having n >= 3 insert into Out;\n");
            many(all, "r3", size, "from Tx[amount > 500.0] select * insert into High; partition with (card of High) begin ", f -> "from every e1=High[amount > " + f.first()
                    + "] -> e2=High[amount > " + f.second() + "] -> e3=High[amount > " + f.third() + "] within 59999 millisec select e1.id as a insert into Out;\n", "end;");
        }
        return all.list;
    }

    private static void add(Entries all, String query, String form, String rules) {
        all.add(query, form, rules, startMs -> new SiddhiPeer(rules));
    }

    private static void family(Entries all, String name, int size, Function<Family, String> rule) {
        many(all, name, size, "", rule, "");
    }

    private static void many(Entries all, String name, int size, String before, Function<Family, String> rule, String after) {
        all.add(name + "-" + size, "best", before + rule.apply(Family.of(0)) + after, startMs -> {
            StringBuilder rules = new StringBuilder(before);
            for (int i = 0; i < size; i++) {
                rules.append(rule.apply(Family.of(i)));
            }
            return new SiddhiPeer(rules.append(after).toString());
        });
    }
}
