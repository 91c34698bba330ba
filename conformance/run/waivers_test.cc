#include "conformance/run/waivers.h"

#include <gtest/gtest.h>

#include <fstream>

#include "conformance/run/ledger.h"

namespace touchstone {
namespace {

using std::chrono::year_month_day;
using namespace std::chrono_literals;

constexpr year_month_day kToday{2026y, std::chrono::November, 20d};

bool IsRequirement(const std::string& id) { return id == "FRAME-01" || id == "IDEM-02"; }

class WaiversTest : public ::testing::Test {
 protected:
  tl::expected<std::vector<Waiver>, std::string> Load(const std::string& entry) {
    file_ = std::filesystem::path(::testing::TempDir()) / "waivers_test.json";
    std::ofstream(file_, std::ios::binary) << "{\"waivers\":[\n" << entry << "\n]}\n";
    return LoadWaivers(file_, IsRequirement);
  }
  std::string ErrorOf(const std::string& entry) {
    const auto loaded = Load(entry);
    return loaded ? "" : loaded.error();
  }
  // A run of two checks, one of which breaks IDEM-02, under the given waivers.
  Ledger Run(std::vector<Waiver> waivers, bool filtered = false) {
    const std::filesystem::path data = TOUCHSTONE_SOURCE_DIR;
    auto catalogue = Catalogue::Load(data / "golden/contract/requirements.json");
    catalogue_ = std::make_unique<Catalogue>(std::move(*catalogue));
    Job fails, passes;
    fails.check = "idem/marker-on";
    fails.requirements = {"IDEM-02"};
    passes.check = "frame/empty";
    passes.requirements = {"FRAME-06"};
    CheckResult failed{fails.check, "case", fails.requirements, Mode::kStream, {}, 0, {}};
    failed.judgement = Judgement::From({{"IDEM-02", "`replayed`: expected true"}}, "");
    CheckResult passed{passes.check, "case", passes.requirements, Mode::kStream, {}, 0, {}};
    return Account(*catalogue_, {fails, passes}, {failed, passed}, "M1", filtered,
                   {std::move(waivers), kToday});
  }
  Waiver For(const std::string& requirement, const std::string& check, year_month_day expires) {
    Waiver waiver;
    waiver.requirement = requirement;
    waiver.check = check;
    waiver.expires = expires;
    waiver.where = "w.json:2";
    return waiver;
  }

  std::filesystem::path file_;
  std::unique_ptr<Catalogue> catalogue_;
};

constexpr year_month_day kLater{2026y, std::chrono::December, 31d};
constexpr year_month_day kEarlier{2026y, std::chrono::November, 19d};

TEST_F(WaiversTest, ReadsWhatAPersonWrote) {
  const auto loaded = Load(
      R"({"check":"idem/*","mode":"S","message":"replayed",
          "reason":"bug","owner":"me","expires":"2026-12-31"})");
  ASSERT_TRUE(loaded) << loaded.error();
  ASSERT_EQ(loaded->size(), 1u);
  EXPECT_EQ(loaded->front().check, "idem/*");
  EXPECT_EQ(loaded->front().expires, kLater);
  EXPECT_EQ(loaded->front().where, file_.string() + ":2");
}

TEST_F(WaiversTest, RefusesWithTheLine) {
  const std::string rest = R"("reason":"bug","owner":"me","expires":"2026-12-31"})";
  for (const auto& [entry, part] : std::vector<std::pair<std::string, std::string>>{
           {"{" + rest, "either a `requirement` or a `check`"},
           {R"({"requirement":"FRAME-01","check":"x",)" + rest,
            "either a `requirement` or a `check`"},
           {R"({"requirement":"FRAME-99",)" + rest, "no requirement"},
           {R"({"requirement":"FRAME-01","owner":"me","expires":"2026-12-31"})",
            "`reason` is missing"},
           {R"({"requirement":"FRAME-01","reason":"r","expires":"2026-12-31"})",
            "`owner` is missing"},
           {R"({"requirement":"FRAME-01","reason":"r","owner":"me"})", "`expires` is missing"},
           {R"({"requirement":"FRAME-01","reason":"r","owner":"me","expires":"31.12.2026"})",
            "expected a date"},
           {R"({"requirement":"FRAME-01","reason":"r","owner":"me","expires":"2026-02-30"})",
            "expected a date"},
           {R"({"requirement":"FRAME-01","reason":"","owner":"me","expires":"2026-12-31"})",
            "not empty"},
           {R"({"requirement":"FRAME-01","mode":"X",)" + rest, "S, O or B"},
           {R"({"requirement":"FRAME-01","until":"x",)" + rest, "unknown key"},
           {"7", "expected an object"}}) {
    const auto error = ErrorOf(entry);
    EXPECT_NE(error.find(part), std::string::npos) << entry << " -> " << error;
    EXPECT_NE(error.find(".json:2: "), std::string::npos) << error;
  }
}

TEST_F(WaiversTest, AWaivedFailureDoesNotBlock) {
  EXPECT_EQ(Run({}).exit_status, 1);
  for (const Waiver& waiver :
       {For("IDEM-02", "", kLater), For("", "idem/marker-*", kLater), For("IDEM-02", "", kToday)}) {
    const Ledger ledger = Run({waiver});
    EXPECT_EQ(ledger.exit_status, 0) << waiver.Subject();
    EXPECT_TRUE(ledger.blocking.empty());
    EXPECT_EQ(ledger.summary.fail, 1);  // it is still counted as what it is
    ASSERT_FALSE(ledger.warnings.empty());
    EXPECT_NE(ledger.warnings.front().find("IDEM-02 (MUST M1) is waived"), std::string::npos);
  }
}

TEST_F(WaiversTest, AnExpiredWaiverBlocks) {
  const Ledger ledger = Run({For("IDEM-02", "", kEarlier)});
  EXPECT_EQ(ledger.exit_status, 1);
  EXPECT_NE(ledger.blocking.back().find("has expired"), std::string::npos);
}

TEST_F(WaiversTest, AnotherMessageOrModeBlocks) {
  Waiver waiver = For("IDEM-02", "", kLater);
  waiver.message = "something else";
  EXPECT_NE(Run({waiver}).exit_status, 0);
  waiver.message = "replayed";
  EXPECT_EQ(Run({waiver}).exit_status, 0);
  waiver.mode = Mode::kBridge;
  EXPECT_NE(Run({waiver}).exit_status, 0);
}

TEST_F(WaiversTest, AWaiverWithoutAFailureIsAnError) {
  const Waiver good = For("IDEM-02", "", kLater);
  const Ledger gone = Run({good, For("FRAME-06", "", kLater)});
  EXPECT_EQ(gone.exit_status, 3);
  EXPECT_NE(gone.blocking.front().find("no longer fails"), std::string::npos);
  const Ledger nothing = Run({good, For("", "nothing/*", kLater)});
  EXPECT_EQ(nothing.exit_status, 3);
  EXPECT_NE(nothing.blocking.front().find("matches nothing"), std::string::npos);
  // With filters, what was not played proves nothing.
  EXPECT_EQ(Run({good, For("", "nothing/*", kLater)}, true).exit_status, 0);
}

TEST_F(WaiversTest, WhatItWritesItCanRead) {
  CheckResult failed{"idem/marker-on", "case", {"IDEM-02"}, Mode::kStream, {}, 0, {}};
  failed.judgement = Judgement::From({{"IDEM-02", "x"}, {"FRAME-01", "y"}}, "");
  const auto text = WaiversFor({failed, failed}, kToday);
  file_ = std::filesystem::path(::testing::TempDir()) / "waivers_written.json";
  std::ofstream(file_, std::ios::binary) << text;
  const auto loaded = LoadWaivers(file_, IsRequirement);
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->size(), 2u);
  EXPECT_EQ(loaded->front().expires, (year_month_day{2026y, std::chrono::December, 20d}));
}

}  // namespace
}  // namespace touchstone
