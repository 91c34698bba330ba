// What --help says below the options: the exit status, and lines that a person can paste.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace touchstone {

struct Examples {
  std::string_view command;  // "": touchstone without one
  std::string_view lines;
};

inline constexpr std::array<Examples, 11> kExamples{{
    {"", R"(
  touchstone run                                  judge the bundled reference host
  touchstone run --host-bin ./zene                judge a binary with the contract's command line
  touchstone run --only 'req/*' --modes B -- python3 my_host.py
  touchstone fault retry-after-zero               see what it does when its provider fails
  touchstone explain FRAME-13)"},
    {"run", R"(
  touchstone run                                  the bundled reference host
  touchstone run --host-bin ./zene --report-dir report
  touchstone run --area PROV,TIME --seed 7        some of it, and the same again
  touchstone run --only 'req/*' --modes B -- python3 my_host.py)"},
    {"gate", R"(
  touchstone gate --report-dir report             all of M1 and 1000 requests in each mode
  touchstone gate --profile my-host.json --requests 5000)"},
    {"soak", R"(
  touchstone soak --requests 1000 --mode O        a thousand one-shot processes
  touchstone soak --requests 5000 --mode S --host-bin ./zene)"},
    {"selftest", R"(
  touchstone selftest --fast                      the subset that ci/test proves
  touchstone selftest --area IDEM,SESS --seed 1)"},
    {"fuzz", R"(
  touchstone fuzz --cases 1000000 --modes S       a million inputs through streams: docs/fuzzing.md
  touchstone fuzz --for 10m --corpus found/ --host-bin ./zene
  touchstone fuzz --seed 7 --families framing     the same search again
  touchstone fuzz --promote golden/cases/frame    findings become golden cases
  touchstone fuzz --model --programs 10000        random programs: docs/model.md)"},
    {"list", R"(
  touchstone list requirements --uncovered
  touchstone list cases)"},
    {"provider", R"(
  touchstone provider --port 9009                 every call is answered "mock answer"
  touchstone provider --scenario flapping --journal calls.jsonl
  curl localhost:9009/__touchstone/               its control (docs/provider-control.md))"},
    {"proxy", R"(
  touchstone proxy                                where Toxiproxy's clients expect it, on port 8474
  curl localhost:8474/proxies -d '{"name":"p","upstream":"127.0.0.1:9009"}'
  curl localhost:8474/proxies/p/toxics -d '{"type":"latency","attributes":{"latency":500}}')"},
    {"fault", R"(
  touchstone fault retry-after-zero               the bundled reference host
  touchstone fault stall-mid-stream --mode O --host-bin ./zene
  touchstone scenarios list                       all there are: docs/fault-scenarios.md)"},
    {"scenarios", R"(
  touchstone scenarios list
  touchstone scenarios show flapping)"},
}};

inline std::string FooterOf(std::string_view command) {
  std::string footer =
      "Exit status: 0 conformant, 1 not conformant or gate failed, 2 usage, 3 could not run, 4 bug "
      "in the harness,\n130 interrupted.";
  for (const Examples& examples : kExamples) {
    if (examples.command == command) footer.append(" Examples:").append(examples.lines);
  }
  return footer;
}

}  // namespace touchstone
