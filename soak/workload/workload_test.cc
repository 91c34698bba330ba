#include "soak/workload/workload.h"

#include <gtest/gtest.h>

#include <map>

namespace touchstone::soak {
namespace {

TEST(WorkloadTest, TheSameSeedGivesTheSameRequests) {
  Workload a(7, "w"), b(7, "w"), c(8, "w");
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    const auto x = a.Next(), y = b.Next(), z = c.Next();
    EXPECT_EQ(x.line, y.line);
    differs |= x.line != z.line;
    a.Answered(x);
    b.Answered(y);
    c.Answered(z);
  }
  EXPECT_TRUE(differs);
}

TEST(WorkloadTest, HasEveryKindOfRequest) {
  Workload work(1, "w");
  std::map<std::string, int> kinds;
  for (int i = 0; i < 1000; ++i) {
    const auto item = work.Next();
    ++kinds[item.expected];
    work.Answered(item);
  }
  for (const char* kind : {"OK", "OK replayed", "PONG", "INVALID_REQUEST"})
    EXPECT_GT(kinds[kind], 10) << kind;
}

TEST(WorkloadTest, ReplaysOnlyWhatWasAnswered) {
  Workload work(1, "w");
  for (int i = 0; i < 500; ++i) EXPECT_NE(work.Next().expected, "OK replayed");
}

}  // namespace
}  // namespace touchstone::soak
