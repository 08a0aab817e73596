package tripline.peers;

import java.util.ArrayDeque;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** A card's sum over the last milliseconds, kept in keyed state; a row for each event that finds it above the limit. */
final class SlidingSum extends KeyedProcessFunction<String, Event, Long> {
    /** One card's events, as {time, amount}, and their sum. */
    public static final class Window {
        public final ArrayDeque<double[]> events = new ArrayDeque<>();
        public double sum;
    }

    private final long spanMs;
    private final double limit;
    private transient ValueState<Window> state;

    SlidingSum(long spanMs, double limit) {
        this.spanMs = spanMs;
        this.limit = limit;
    }

    @Override
    public void open(OpenContext context) {
        state = getRuntimeContext().getState(new ValueStateDescriptor<>("window", TypeInformation.of(new TypeHint<Window>() {})));
    }

    @Override
    public void processElement(Event event, Context context, Collector<Long> out) throws Exception {
        Window window = state.value();
        if (window == null) {
            window = new Window();
            state.update(window);
        }
        double amount = ((Tx) event).getAmount();
        while (!window.events.isEmpty() && window.events.peekFirst()[0] <= event.getTs() - spanMs) {
            window.sum -= window.events.pollFirst()[1];
        }
        window.events.addLast(new double[] {event.getTs(), amount});
        window.sum += amount;
        if (window.sum > limit) {
            out.collect(event.getTs());
        }
    }
}
