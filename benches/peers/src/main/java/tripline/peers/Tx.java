package tripline.peers;

/** A card event of the benchmark's workload: a bean for those peers that want getters, open fields for one that copies. */
public final class Tx implements Event {
    public long id;
    public long ts;
    public String card;
    public double amount;
    public String merchant;
    public String country;
    public String kind;
    public boolean ok;

    public Tx() {}

    public Tx(long id, long ts, String card, double amount, String merchant, String country, String kind, boolean ok) {
        this.id = id;
        this.ts = ts;
        this.card = card;
        this.amount = amount;
        this.merchant = merchant;
        this.country = country;
        this.kind = kind;
        this.ok = ok;
    }

    public long getId() { return id; }
    @Override public long getTs() { return ts; }
    public String getCard() { return card; }
    public double getAmount() { return amount; }
    public String getMerchant() { return merchant; }
    public String getCountry() { return country; }
    public String getKind() { return kind; }
    public boolean isOk() { return ok; }
}
