package tripline.peers;

/** A letter of the benchmark's workload; its id is its place in the input, and its time in milliseconds. */
public final class Letter implements Event {
    public String type;
    public long id;

    public Letter() {}

    public Letter(String type, long id) {
        this.type = type;
        this.id = id;
    }

    public String getType() { return type; }
    public long getId() { return id; }
    @Override public long getTs() { return id; }
}
