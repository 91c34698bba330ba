#include <memory>
#include <string>

#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/bending.h"

namespace touchstone::defective {
namespace {

bool IsReplay(const Object& line) {
  const auto* replayed = line.if_contains("replayed");
  return replayed && replayed->is_bool() && replayed->get_bool();
}

Which Counted(int n, Which which) { return OneIn(n, And(Of("final"), which)); }

// The text of the answer before, once in a while: as a buffer that is used again too early.
Tampering FormersText() {
  const auto former = std::make_shared<std::string>("nothing");
  const auto count = std::make_shared<int>(0);
  return Responses(Of("final", "OK"), [former, count](Object& line) {
    auto text = Text(line, "text");
    if (++*count % 50 == 0) line["text"] = *former;
    *former = std::move(text);
  });
}

Tampering StrayLine(const char* words, int one_in) {
  return OnResponse(OneIn(one_in), [words](const std::string& line, const Object&, Wire& wire) {
    wire.ToCaller(words);
    PassToCaller(line, wire);
  });
}

}  // namespace

std::vector<Defect> LoadDefects() {
  return {
      {"answers-get-lost",
       "LOAD-01",
       Subtlety::kRare,
       "One final in 200 is never written.",
       [] {
         return OnResponse(Counted(200, Of("final")),
                           [](const std::string&, const Object&, Wire&) {});
       },
       {"load/thousand-requests*"},
       false,
       {"LIFE-01", "LIFE-04"}},
      {"answers-come-twice",
       "LOAD-01",
       Subtlety::kRare,
       "One final in 200 is written twice.",
       [] {
         return OnResponse(Counted(200, Of("final")),
                           [](const std::string& line, const Object&, Wire& wire) {
                             PassToCaller(line, wire);
                             PassToCaller(line, wire);
                           });
       },
       {"load/thousand-requests*"},
       true,
       {"LIFE-01", "LIFE-02"}},
      {"text-of-the-run-before",
       "LOAD-01",
       Subtlety::kRare,
       "One answer in 50 carries the text of the answer before it.",
       FormersText,
       {"load/thousand-requests*"}},
      {"replay-of-nothing",
       "LOAD-01",
       Subtlety::kRare,
       "Under load one replay in 10 comes without its text.",
       [] { return Responses(Counted(10, IsReplay), Set("text", "")); },
       {"load/thousand-requests*"}},
      {"one-shots-fail-now-and-then",
       "LOAD-01",
       Subtlety::kRare,
       "One run in 50 ends INTERNAL in a one-shot, for no reason.",
       [] {
         return When([](const Launch& launch) { return !launch.streams(); },
                     Responses(OneInIds(50, Of("final", "OK")), [](Object& line) {
                       const Object error{
                           {"code", "INTERNAL"}, {"message", "try again"}, {"retryable", true}};
                       if (line.contains("ok")) {
                         line["ok"] = false;
                         line["text"] = "";
                         line["error_code"] = "INTERNAL";
                         line["error_message"] = "try again";
                       } else {
                         line["status"] = "ERROR";
                         line["error"] = error;
                       }
                     }));
       },
       {"load/thousand-requests*"},
       false},
      {"memory-leak",
       "LOAD-02",
       Subtlety::kBlatant,
       "Each line of output leaks 64 KiB.",
       [] { return Inside("leak-memory=64"); },
       {"load/no-trend*"}},
      {"small-memory-leak",
       "LOAD-02",
       Subtlety::kSubtle,
       "Each line of output leaks 12 KiB.",
       [] { return Inside("leak-memory=12"); },
       {"load/no-trend*"},
       false},
      {"descriptor-leak",
       "LOAD-02",
       Subtlety::kBlatant,
       "Each line of output leaves a descriptor open.",
       [] { return Inside("leak-descriptors=1"); },
       {"load/no-trend*"},
       false},
      {"small-descriptor-leak",
       "LOAD-02",
       Subtlety::kRare,
       "One line of output in 50 leaves a descriptor open.",
       [] { return Inside("leak-descriptors=50"); },
       {"load/no-trend*"},
       false},
      {"thread-leak",
       "LOAD-02",
       Subtlety::kRare,
       "One line of output in 50 leaves a thread behind that waits for ever.",
       [] { return Inside("leak-threads=50"); },
       {"load/no-trend*"},
       false},
      {"child-leak",
       "LOAD-02",
       Subtlety::kRare,
       "One line of output in 50 leaves a child process behind.",
       [] { return Inside("leak-children=50"); },
       {"load/no-trend*"},
       false},
      {"stray-line",
       "LOAD-03",
       Subtlety::kRare,
       "Every 300th line of stdout comes after a line for the log.",
       [] { return StrayLine("INFO cache flushed\n", 300); },
       {"load/no-trend*"},
       true,
       {"FRAME-01"}},
      {"stray-byte",
       "LOAD-03",
       Subtlety::kRare,
       "Every 700th line of stdout begins with a NUL byte.",
       [] {
         return OnResponse(OneIn(700), [](const std::string& line, const Object&, Wire& wire) {
           wire.ToCaller(std::string_view("\0", 1));
           PassToCaller(line, wire);
         });
       },
       {"load/no-trend*"},
       false,
       {"FRAME-01"}},
      {"slower-and-slower",
       "LOAD-04",
       Subtlety::kBlatant,
       "Each line of output takes 0.1 ms longer than the line before.",
       [] { return Inside("slow-down=100"); },
       {"load/no-trend*"}},
      {"a-little-slower-each-time",
       "LOAD-04",
       Subtlety::kSubtle,
       "Each line of output takes 20 microseconds longer than the line before.",
       [] { return Inside("slow-down=20"); },
       {"load/no-trend*"},
       false},
  };
}

}  // namespace touchstone::defective
