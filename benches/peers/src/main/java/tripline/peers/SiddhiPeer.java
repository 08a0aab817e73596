package tripline.peers;

import io.siddhi.core.SiddhiAppRuntime;
import io.siddhi.core.SiddhiManager;
import io.siddhi.core.event.Event;
import io.siddhi.core.stream.input.InputHandler;
import io.siddhi.core.stream.output.StreamCallback;
import java.util.List;

/** Siddhi in playback mode: the events' own times move its clock. The rules' output stream is {@code Out}. */
final class SiddhiPeer implements Peer {
    private static final String STREAMS = "@app:playback "
            + "define stream Tx (id long, ts long, card string, amount double, merchant string, country string, kind string, ok bool); "
            + "define stream Letter (type string, id long); ";

    private final SiddhiAppRuntime runtime;
    private long matches;

    SiddhiPeer(String rules) {
        runtime = new SiddhiManager().createSiddhiAppRuntime(STREAMS + rules);
        runtime.addCallback("Out", new StreamCallback() {
            @Override
            public void receive(Event[] events) {
                matches += events.length;
            }
        });
        runtime.start();
    }

    @Override
    public Outcome run(List<tripline.peers.Event> events, long deadline) throws InterruptedException {
        InputHandler tx = runtime.getInputHandler("Tx");
        InputHandler letters = runtime.getInputHandler("Letter");
        long start = System.nanoTime();
        int fed = 0;
        for (tripline.peers.Event event : events) {
            if (Peer.isOver(fed, deadline)) {
                break;
            }
            if (event instanceof Tx e) {
                tx.send(e.getTs(), new Object[] {e.getId(), e.getTs(), e.getCard(), e.getAmount(), e.getMerchant(), e.getCountry(), e.getKind(), e.isOk()});
            } else if (event instanceof Letter e) {
                letters.send(e.getTs(), new Object[] {e.getType(), e.getId()});
            }
            fed++;
        }
        return new Outcome(fed, matches, (System.nanoTime() - start) / 1e9);
    }

    @Override
    public void close() {
        runtime.shutdown();
    }
}
