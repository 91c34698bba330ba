// The least that a host in Node is: answers pings, and runs with an echo, in all modes of a line.
const lines = require("node:readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const request = JSON.parse(line);
  const answer = {
    protocol_version: 1,
    request_id: request.request_id,
    session_id: request.session_id ?? null,
    ts_ms: Date.now(),
  };
  if (request.type === "ping") {
    Object.assign(answer, { type: "ack", status: "PONG" });
  } else {
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const text = `echo: ${request.prompt}`;
    Object.assign(answer, { type: "final", status: "OK", text, usage, error: null, latency_ms: 0 });
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
