#include "reference-host/host/admission.h"

#include <gtest/gtest.h>

namespace refhost {
namespace {

TEST(Admission, SlotsThenQueueThenFull) {
  Admission admission({2, 1, 1});
  EXPECT_EQ(admission.Add(1, "a"), AdmissionResult::kStarted);
  EXPECT_EQ(admission.Add(2, "b"), AdmissionResult::kStarted);
  EXPECT_EQ(admission.Add(3, "c"), AdmissionResult::kQueued);
  EXPECT_EQ(admission.Add(4, "d"), AdmissionResult::kFull);
  EXPECT_EQ(admission.StartNext(), std::nullopt);
  admission.ReleaseSlot("a");
  EXPECT_EQ(admission.StartNext(), 3u);
  EXPECT_EQ(admission.StartNext(), std::nullopt);
  EXPECT_EQ(admission.executing(), 2);
  EXPECT_EQ(admission.queued(), 0);
}

TEST(Admission, BusySessionWithoutQueueIsFull) {
  Admission admission({8, 1, 0});
  EXPECT_EQ(admission.Add(1, "a"), AdmissionResult::kStarted);
  EXPECT_EQ(admission.Add(2, "a"), AdmissionResult::kFull);
  EXPECT_EQ(admission.Add(3, "b"), AdmissionResult::kStarted);
}

TEST(Admission, EarliestWhoseSessionIsFree) {
  Admission admission({2, 1, 10});
  admission.Add(1, "a");
  admission.Add(2, "b");
  admission.Add(3, "a");
  admission.Add(4, "c");
  admission.Add(5, "a");
  admission.ReleaseSlot("b");
  EXPECT_EQ(admission.StartNext(), 4u);  // 3 waits for its session
  admission.ReleaseSlot("a");
  EXPECT_EQ(admission.StartNext(), 3u);
  admission.LeaveQueue(5, "a");
  admission.ReleaseSlot("a");
  admission.ReleaseSlot("c");
  EXPECT_EQ(admission.StartNext(), std::nullopt);
  EXPECT_EQ(admission.executing(), 0);
}

TEST(Admission, ArrivalsOfASessionDoNotOvertakeItsQueue) {
  Admission admission({1, 2, 10});
  admission.Add(1, "a");
  admission.Add(2, "a");
  admission.ReleaseSlot("a");
  EXPECT_EQ(admission.Add(3, "a"), AdmissionResult::kQueued);
  EXPECT_EQ(admission.StartNext(), 2u);
}

}  // namespace
}  // namespace refhost
