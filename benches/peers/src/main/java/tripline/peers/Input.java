package tripline.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the workload's CSV into memory before any clock is started. Equal texts are one object, as a deserialiser with a cache would give. */
final class Input {
    private static final String TX = "id,ts,card,amount,merchant,country,kind,ok";
    private static final String ABC = "type,id";

    private final Map<String, String> texts = new HashMap<>();
    private String line;
    private int at;

    private Input() {}

    static List<Event> read(Path file, long max) throws IOException {
        List<Event> events = new ArrayList<>();
        Input input = new Input();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            String header = lines.readLine();
            boolean letters = ABC.equals(header);
            if (!letters && !TX.equals(header)) {
                throw new IOException(file + ": the first line is '" + header + "', expected '" + TX + "' or '" + ABC + "'");
            }
            for (input.line = lines.readLine(); input.line != null && events.size() < max; input.line = lines.readLine()) {
                input.at = 0;
                events.add(letters ? input.letter(events.size() + 1) : input.tx());
            }
        }
        return events;
    }

    private Tx tx() {
        return new Tx(number(), number(), text(), Double.parseDouble(field()), text(), text(), text(), Boolean.parseBoolean(field()));
    }

    private Letter letter(long id) {
        return new Letter(text(), id);
    }

    private String field() {
        int end = line.indexOf(',', at);
        String field = line.substring(at, end < 0 ? line.length() : end);
        at = end + 1;
        return field;
    }

    private long number() {
        return Long.parseLong(field());
    }

    private String text() {
        return texts.computeIfAbsent(field(), same -> same);
    }
}
