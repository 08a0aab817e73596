package tripline.peers;

import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.legacy.SinkFunction;
import org.apache.flink.streaming.api.functions.source.legacy.SourceFunction;

/** Flink in one process, every operator with a parallelism of one, from objects in memory. Timed from the first event to the sink's end. */
final class FlinkPeer implements Peer {
    /** A query over the source. */
    interface Job {
        DataStream<?> of(StreamExecutionEnvironment env, DataStream<Event> source);
    }

    /** The one job that runs at a time, and what it saw: its operators are copied, these are not. */
    private static List<Event> input;
    private static long deadline;
    private static volatile long started;
    private static volatile long ended;
    private static volatile long fed;
    private static volatile long matches;

    private final Job job;

    FlinkPeer(Job job) {
        this.job = job;
    }

    @Override
    public Outcome run(List<Event> events, long until) throws Exception {
        // The cluster starts with the job: a time limit counts from the first event.
        input = events;
        deadline = until - System.nanoTime();
        matches = 0;
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1, new Configuration());
        env.getConfig().enableObjectReuse();
        @SuppressWarnings("unchecked")
        TypeInformation<Event> type = (TypeInformation<Event>) (TypeInformation<?>) TypeInformation.of(events.get(0).getClass());
        DataStream<Event> source = env.addSource(new FromMemory(), type)
                .assignTimestampsAndWatermarks(WatermarkStrategy.<Event>forMonotonousTimestamps().withTimestampAssigner((e, t) -> e.getTs()));
        count(job.of(env, source));
        env.execute();
        return new Outcome(fed, matches, (ended - started) / 1e9);
    }

    private static <T> void count(DataStream<T> found) {
        found.addSink(new Count<>());
    }

    private static final class FromMemory implements SourceFunction<Event> {
        @Override
        public void run(SourceContext<Event> context) {
            started = System.nanoTime();
            int count = 0;
            for (Event event : input) {
                if (Peer.isOver(count, started + deadline)) {
                    break;
                }
                context.collect(event);
                count++;
            }
            fed = count;
        }

        @Override
        public void cancel() {}
    }

    private static final class Count<T> implements SinkFunction<T> {
        @Override
        public void invoke(T value, Context context) {
            matches++;
        }

        @Override
        public void finish() {
            ended = System.nanoTime();
        }
    }
}
