package tripline.peers;

import com.espertech.esper.common.client.EPCompiled;
import com.espertech.esper.common.client.configuration.Configuration;
import com.espertech.esper.compiler.client.CompilerArguments;
import com.espertech.esper.compiler.client.EPCompilerProvider;
import com.espertech.esper.runtime.client.EPEventService;
import com.espertech.esper.runtime.client.EPRuntime;
import com.espertech.esper.runtime.client.EPRuntimeProvider;
import com.espertech.esper.runtime.client.EPStatement;
import java.util.List;

/** Esper with external time: the clock is moved to each event's time before the event is sent. */
final class EsperPeer implements Peer {
    /** After the last event, long enough for all windows of a benchmark that answer by time. */
    private static final long REST_MS = 660_000;
    private static int instances;

    private final EPRuntime runtime;
    private final boolean answersByTime;
    private long matches;

    EsperPeer(String epl, boolean answersByTime, long startMs) throws Exception {
        this.answersByTime = answersByTime;
        Configuration configuration = new Configuration();
        configuration.getCommon().addEventType("Tx", Tx.class);
        configuration.getCommon().addEventType("Letter", Letter.class);
        configuration.getRuntime().getThreading().setInternalTimerEnabled(false);
        runtime = EPRuntimeProvider.getRuntime("peer" + instances++, configuration);
        // Windows and schedules count from a full minute.
        runtime.getEventService().advanceTime(Math.floorDiv(startMs, 60_000) * 60_000);
        EPCompiled compiled = EPCompilerProvider.getCompiler().compile(epl, new CompilerArguments(configuration));
        for (EPStatement statement : runtime.getDeploymentService().deploy(compiled).getStatements()) {
            // A statement that feeds another one is no rule.
            if (!statement.getName().equals("feed")) {
                statement.addListener((fresh, old, s, r) -> matches += fresh == null ? 0 : fresh.length);
            }
        }
    }

    @Override
    public Outcome run(List<Event> events, long deadline) {
        EPEventService service = runtime.getEventService();
        long clock = Long.MIN_VALUE;
        long start = System.nanoTime();
        int fed = 0;
        if (answersByTime) {
            service.advanceTimeSpan(events.get(0).getTs());
        }
        for (Event event : events) {
            if (Peer.isOver(fed, deadline)) {
                break;
            }
            if (event.getTs() != clock) {
                clock = event.getTs();
                service.advanceTime(clock);
            }
            service.sendEventBean(event, event instanceof Tx ? "Tx" : "Letter");
            fed++;
        }
        if (answersByTime) {
            service.advanceTimeSpan(clock + REST_MS);
        }
        return new Outcome(fed, matches, (System.nanoTime() - start) / 1e9);
    }

    @Override
    public void close() {
        runtime.destroy();
    }
}
