// touchstone bench as its user meets it.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "conformance/commands/cli_fixture.h"

namespace touchstone::testing {
namespace {

class BenchCli : public Cli {
 protected:
  std::string Results(const std::string& name, const std::string& samples) {
    return Script(name,
                  R"({"benchmarks":[{"name":"S ping","unit":"ratio","better":"less","samples":)" +
                      samples + "}]}");
  }
};

TEST_F(BenchCli, MeasuresPrintsAndWrites) {
  const auto ended = Touchstone({"bench", "--only", "S ping", "--rounds", "5", "--round-time",
                                 "5ms", "--peer", "cat=cat", "--json", File("rows.json").string()});
  ExpectSays(ended, 0, {"S ping against refhost", "S ping against cat", "5 rounds"});
  const auto json = boost::json::parse(ReadFile(File("rows.json"))).as_object();
  EXPECT_EQ(json.at("benchmarks").as_array().size(), 5u);
  ExpectSays(Touchstone({"bench", "--compare", File("rows.json"), File("rows.json")}), 0,
             {"noise", "0 worse"});
}

TEST_F(BenchCli, ComparesTwoFiles) {
  const auto fast = Results("fast", "[1,1.1,1.2,1.1,1]"), slow = Results("slow", "[3,3.1,3,3,3]");
  ExpectSays(Touchstone({"bench", "--compare", fast, slow}), 1, {"worse", "S ping", "+172"});
  ExpectSays(Touchstone({"bench", "--compare", slow, fast}), 0, {"better"});
  ExpectSays(Touchstone({"bench", "--compare", fast, slow, "--tolerance", "5"}), 0, {"noise"});
  // Of nothing that could be compared comes no verdict.
  ExpectSays(Touchstone({"bench", "--compare", fast, Results("few", "[1]")}), 3,
             {"not judged", "too few", "nothing could be compared"});
}

TEST_F(BenchCli, SaysWhatIsWrong) {
  ExpectSays(Touchstone({"bench", "--peer", "cat"}), 2, {"expected NAME=COMMAND"});
  ExpectSays(Touchstone({"bench", "--only", "no such"}), 2, {"no such measure"});
  ExpectSays(Touchstone({"bench", "--rounds", "0"}), 2, {"--rounds"});
  ExpectSays(Touchstone({"bench", "--only", "S ping", "--rounds", "1", "--", "/bin/false"}), 3,
             {"not measured", "its stdout ended before the answer", "not everything"});
  const auto good = Results("good", "[1]");
  ExpectSays(Touchstone({"bench", "--compare", good, Script("none", "{}")}), 2,
             {"expected an object with `benchmarks`"});
  ExpectSays(Touchstone({"bench", "--compare", good, Results("text", R"(["x"])")}), 2,
             {"`samples`", "a list of numbers"});
}

}  // namespace
}  // namespace touchstone::testing
