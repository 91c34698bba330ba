#include <algorithm>
#include <boost/json/array.hpp>
#include <memory>
#include <string>

#include "fault-injection/defective-hosts/exit.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {
namespace {

namespace json = boost::json;

bool IsSelfTest(const Launch& launch) { return launch.Has("self-test"); }

std::string Setting(const Launch& launch, const std::string& name) {
  const auto found = launch.environment.find(name);
  return found == launch.environment.end() ? "" : found->second;
}

Tampering Launching(void (*change)(Launch&)) {
  Tampering tampering;
  tampering.launch = change;
  return tampering;
}

Tampering SelfTest(Edit edit) { return When(IsSelfTest, Responses(Any(), edit)); }

// The report, with what else the host knows.
Tampering SelfTestTells(std::string (*what)(const Launch&)) {
  const auto told = std::make_shared<std::string>();
  Tampering tampering = Responses(Any(), [told](Object& report) { report["provider"] = *told; });
  tampering.launch = [told, what](Launch& launch) { *told = what(launch); };
  return When(IsSelfTest, tampering);
}

std::string Key(const Launch& launch) { return Setting(launch, "LLM_API_KEY"); }

std::string LastEightOfTheKey(const Launch& launch) {
  const auto key = Key(launch);
  return "***" + key.substr(key.size() - std::min<std::size_t>(8, key.size()));
}

std::string LastFourOfAnyKey(const Launch& launch) {
  const auto key = Key(launch);
  return "***" + key.substr(key.size() - std::min<std::size_t>(4, key.size()));
}

std::string BaseUrl(const Launch& launch) { return Setting(launch, "LLM_BASE_URL"); }

Tampering PrintsOverSeveralLines() {
  return When(IsSelfTest, OnResponse(Any(), [](std::string line, const Object&, Wire& wire) {
                const auto comma = line.find(',');
                if (comma != line.npos) line.insert(comma + 1, "\n ");
                PassToCaller(line, wire);
              }));
}

Tampering SelfTestNeedsNoNetwork() {
  Tampering tampering = Launching([](Launch& launch) {
    if (IsSelfTest(launch) && !Key(launch).empty()) launch.environment["LLM_PROVIDER"] = "echo";
  });
  return tampering;
}

Tampering SelfTestWaitsLong() {
  Tampering tampering;
  tampering.exit = [](int status, Wire& wire) {
    wire.After(8000, [] {});
    return status;
  };
  return When(IsSelfTest, tampering);
}

Tampering EchoNeedsAKey() {
  Tampering tampering = Launching([](Launch& launch) {
    if (IsSelfTest(launch) && Key(launch).empty()) launch.environment["LLM_PROVIDER"] = "openai";
  });
  return tampering;
}

Tampering FallbackMustAnswer() {
  Tampering tampering = Responses(Any(), [](Object& report) {
    report["ok"] = false;
    report["status"] = "FAIL";
  });
  tampering.exit = [](int, Wire&) { return 3; };
  return When(
      [](const Launch& launch) {
        return IsSelfTest(launch) && !Setting(launch, "LLM_FALLBACK_PROVIDER").empty();
      },
      tampering);
}

}  // namespace

std::vector<Defect> SelfTestDefects() {
  return {
      {"self-test-always-exits-0",
       "EXIT-05",
       Subtlety::kSubtle,
       "self-test exits with 0 though it failed.",
       [] { return When(IsSelfTest, ExitStatus(3, 0)); },
       {"exit/self-test-without-a-key/unset*"}},
      {"self-test-says-ok-as-text",
       "EXIT-05",
       Subtlety::kBlatant,
       "self-test's ok is a string.",
       [] { return SelfTest(Set("ok", "true")); },
       {"exit/self-test-report*"}},
      {"self-test-status-contradicts-ok",
       "EXIT-05",
       Subtlety::kSubtle,
       "self-test's status is PASS though ok is false.",
       [] { return SelfTest(Set("status", "PASS")); },
       {"exit/self-test-report*"}},
      {"self-test-names-one-variable",
       "EXIT-05",
       Subtlety::kSubtle,
       "missing_required_env is a string when there is one.",
       [] { return SelfTest(Set("missing_required_env", "LLM_API_KEY [")); },
       {"exit/self-test-report*"}},
      {"self-test-status-is-ok",
       "EXIT-05",
       Subtlety::kSubtle,
       "self-test's status is OK.",
       [] { return SelfTest(Set("status", "OK")); },
       {"exit/self-test-passes*"}},
      {"self-test-tells-no-capabilities",
       "EXIT-05",
       Subtlety::kSubtle,
       "self-test has no capabilities.",
       [] { return SelfTest(Remove("capabilities")); },
       {"exit/self-test-passes*"}},
      {"self-test-names-nothing-missing",
       "EXIT-05",
       Subtlety::kSubtle,
       "self-test without a key does not name the variable.",
       [] { return SelfTest(Set("missing_required_env", json::array())); },
       {"exit/self-test-without-a-key/unset*"}},
      {"self-test-over-several-lines",
       "EXIT-05",
       Subtlety::kBlatant,
       "self-test's report is printed for people, over several lines.",
       PrintsOverSeveralLines,
       {"exit/self-test-passes*"}},
      {"echo-needs-a-key",
       "EXIT-05",
       Subtlety::kSubtle,
       "self-test asks for a key of echo, too.",
       EchoNeedsAKey,
       {"exit/self-test-of-echo*"}},
      {"fallback-must-answer",
       "EXIT-05",
       Subtlety::kRare,
       "self-test fails when only the fallback cannot be reached.",
       FallbackMustAnswer,
       {"exit/self-test-with-a-failing-fallback*"}},
      {"self-test-shows-half-the-key",
       "EXIT-06",
       Subtlety::kBlatant,
       "self-test shows the last eight characters of the key.",
       [] { return SelfTestTells(LastEightOfTheKey); },
       {"exit/self-test-hides-the-key/long*"}},
      {"self-test-shows-a-short-key",
       "EXIT-06",
       Subtlety::kSubtle,
       "self-test shows the last four characters of a key however short.",
       [] { return SelfTestTells(LastFourOfAnyKey); },
       {"exit/self-test-hides-the-key/*"}},
      {"self-test-shows-a-password",
       "EXIT-06",
       Subtlety::kSubtle,
       "self-test shows the base URL with its user and password.",
       [] { return SelfTestTells(BaseUrl); },
       {"exit/self-test-hides-a-password*"}},
      {"self-test-asks-nobody",
       "EXIT-08",
       Subtlety::kBlatant,
       "self-test does not contact the provider.",
       SelfTestNeedsNoNetwork,
       {"exit/self-test-without-a-provider/refuses*"}},
      {"self-test-waits-long",
       "EXIT-08",
       Subtlety::kSubtle,
       "self-test takes eight seconds longer than its probe.",
       SelfTestWaitsLong,
       {"exit/self-test-without-a-provider/refuses*"},
       false},
  };
}

}  // namespace touchstone::defective
