package tripline.peers;

/** What every peer is fed with: a plain object with a time. */
public interface Event {
    /** Event time, milliseconds. */
    long getTs();
}
