package tripline.peers;

import java.util.Locale;

/** The constants of rule i of the many-rules benchmarks: u = (7919 i mod 10007) / 10007, x = 500 + 4500 u². */
record Family(String merchant, String floor, String first, String second, String third, int windowSeconds) {
    static final int[] SIZES = {10, 100, 1_000};
    private static final int[] WINDOWS = {30, 60, 90, 120};

    static Family of(int rule) {
        double u = (7_919L * rule % 10_007) / 10_007.0;
        long first = Math.round(50_000.0 + 450_000.0 * u * u);
        long floor = Math.round(10_000.0 + 90_000.0 * u);
        String merchant = String.format(Locale.ROOT, "m%05d", 7_919L * rule % 10_000);
        return new Family(merchant, money(floor), money(first), money(first * 5 / 4), money(first * 3 / 2), WINDOWS[rule % 4]);
    }

    private static String money(long cents) {
        return String.format(Locale.ROOT, "%d.%02d", cents / 100, cents % 100);
    }
}
