package tripline.peers;

import java.util.HashSet;
import org.apache.flink.api.common.functions.AggregateFunction;

/** How many merchants a window has. */
final class DistinctMerchants implements AggregateFunction<Event, HashSet<String>, Integer> {
    @Override
    public HashSet<String> createAccumulator() {
        return new HashSet<>();
    }

    @Override
    public HashSet<String> add(Event event, HashSet<String> merchants) {
        merchants.add(((Tx) event).getMerchant());
        return merchants;
    }

    @Override
    public Integer getResult(HashSet<String> merchants) {
        return merchants.size();
    }

    @Override
    public HashSet<String> merge(HashSet<String> one, HashSet<String> other) {
        one.addAll(other);
        return one;
    }
}
