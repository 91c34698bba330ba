// Each rule of the model allows the right answer and refuses the wrong one, and blames the
// requirement that says so.
#include "conformance/fuzz/model/model.h"

#include <gtest/gtest.h>

namespace touchstone::model {
namespace {

using Kind = Input::Kind;

// A talk with the model: what is sent, what is heard. Heard words must fit; Wrong() must not.
class Talk {
 public:
  explicit Talk(Limits limits = {1, 1}) : model_(limits) {}

  Talk& Run(const std::string& id, const std::string& session = "s", const std::string& key = "",
            bool held = true, Answer answer = Answer::kOk, bool short_timeout = false) {
    model_.Send(
        {Kind::kRun, id, session, key.empty() ? "k-" + id : key, "", answer, held, short_timeout});
    return *this;
  }
  Talk& Cancel(const std::string& id, const std::string& target, const std::string& session = "s") {
    model_.Send({.kind = Kind::kCancel, .id = id, .session = session, .target = target});
    return *this;
  }
  Talk& Close(const std::string& id, const std::string& session = "s") {
    model_.Send({.kind = Kind::kClose, .id = id, .session = session});
    return *this;
  }
  Talk& Release(int run) {
    model_.Released(run);
    return *this;
  }
  Talk& Term() {
    model_.Terminate();
    return *this;
  }
  Talk& Exit() {
    model_.Exited();
    return *this;
  }
  Talk& Hear(const std::string& id, Said said, const std::string& code = "",
             const std::string& text = "") {
    const auto violation = model_.Hear({id, said, code, text});
    EXPECT_FALSE(violation) << violation->requirement << ": " << violation->message;
    return *this;
  }
  Talk& Call(int run, const std::vector<int>& history = {}) {
    const auto violation = model_.Call(run, history);
    EXPECT_FALSE(violation) << violation->requirement << ": " << violation->message;
    return *this;
  }
  Talk& Quiet() {
    EXPECT_TRUE(model_.Settle());
    EXPECT_EQ(model_.worlds(), 1u);
    return *this;
  }
  Talk& NotQuiet() {
    EXPECT_FALSE(model_.Settle());
    return *this;
  }
  // A whole run that ends OK.
  Talk& Ok(int run, const std::string& id, const std::vector<int>& history = {},
           const std::string& key = "") {
    return Run(id, "s", key, false)
        .Hear(id, Said::kAccepted)
        .Call(run, history)
        .Hear(id, Said::kOk, "", TextOf(run))
        .Quiet();
  }
  // The requirement that is blamed.
  std::string Wrong(const std::string& id, Said said, const std::string& code = "",
                    const std::string& text = "") {
    const auto violation = model_.Hear({id, said, code, text});
    return violation ? violation->requirement : "nothing";
  }
  std::string WrongCall(int run, const std::vector<int>& history = {}) {
    const auto violation = model_.Call(run, history);
    return violation ? violation->requirement : "nothing";
  }
  std::string Missing() { return model_.Missing().requirement; }

 private:
  Model model_;
};

TEST(ModelTest, ARunIsAcknowledgedCalledForAndEnds) {
  Talk()
      .Run("a")
      .NotQuiet()
      .Hear("a", Said::kAccepted)
      .NotQuiet()
      .Call(0)
      .Quiet()
      .Release(0)
      .NotQuiet()
      .Hear("a", Said::kOk, "", TextOf(0))
      .Quiet();
}

TEST(ModelTest, TheCallMayBeSeenBeforeTheAck) {
  Talk().Run("a").Call(0).Hear("a", Said::kAccepted).Quiet();
}

TEST(ModelTest, TheAckComesFirst) {
  EXPECT_EQ(Talk().Run("a", "s", "", false).Wrong("a", Said::kOk, "", TextOf(0)), "LIFE-02");
}

TEST(ModelTest, NothingEndsTwice) {
  EXPECT_EQ(Talk().Ok(0, "a").Wrong("a", Said::kOk, "", TextOf(0)), "LIFE-01");
  EXPECT_EQ(Talk().Ok(0, "a").Wrong("a", Said::kTimeout), "LIFE-01");
}

TEST(ModelTest, AHeldRunDoesNotEnd) {
  EXPECT_EQ(Talk().Run("a").Hear("a", Said::kAccepted).Wrong("a", Said::kOk, "", TextOf(0)),
            "SESS-02");
  EXPECT_EQ(Talk().Run("a").Hear("a", Said::kAccepted).Wrong("a", Said::kTimeout), "TIME-03");
}

TEST(ModelTest, AnAnswerOfAnotherRunIsNotItsOwn) {
  EXPECT_EQ(Talk()
                .Run("a", "s", "", false)
                .Hear("a", Said::kAccepted)
                .Wrong("a", Said::kOk, "", TextOf(7)),
            "SESS-02");
}

TEST(ModelTest, AFailureHasItsCode) {
  Talk()
      .Run("a", "s", "", false, Answer::kAuth)
      .Hear("a", Said::kAccepted)
      .Call(0)
      .Hear("a", Said::kError, "PROVIDER_AUTH")
      .Quiet();
  EXPECT_EQ(Talk()
                .Run("a", "s", "", false, Answer::kAuth)
                .Hear("a", Said::kAccepted)
                .Call(0)
                .Wrong("a", Said::kError, "INTERNAL"),
            "PROV-01");
}

TEST(ModelTest, ATimeoutMayBeatTheAnswerOrNot) {
  const auto race = [] {
    return Talk().Run("a", "s", "", false, Answer::kOk, true).Hear("a", Said::kAccepted).Call(0);
  };
  race().Hear("a", Said::kTimeout).Quiet();
  race().Hear("a", Said::kOk, "", TextOf(0)).Quiet();
  EXPECT_EQ(race().Wrong("a", Said::kCanceled), "LIFE-01");
  // Decided: no other end comes behind it.
  EXPECT_EQ(race().Hear("a", Said::kTimeout).Wrong("a", Said::kOk, "", TextOf(0)), "LIFE-01");
}

TEST(ModelTest, ATimeoutIsForgottenUnderItsKey) {
  const auto again = [] {
    return Talk()
        .Run("a", "s", "k", true, Answer::kOk, true)
        .Hear("a", Said::kAccepted)
        .Call(0)
        .Hear("a", Said::kTimeout)
        .Quiet()
        .Run("b", "s", "k");
  };
  again().Hear("b", Said::kAccepted).Call(1).Quiet();
  EXPECT_EQ(again().Wrong("b", Said::kReplayed, "", "sorry"), "IDEM-06");
  EXPECT_EQ(again().Wrong("b", Said::kRefused, "BUSY"), "TIME-05");
  EXPECT_EQ(again().Hear("b", Said::kAccepted).Missing(), "TIME-05");
}

TEST(ModelTest, AnOkIsReplayed) {
  const auto again = [] { return Talk().Ok(0, "a", {}, "k").Run("b", "s", "k"); };
  again().Hear("b", Said::kReplayed, "", TextOf(0)).Quiet();
  EXPECT_EQ(again().Wrong("b", Said::kReplayed, "", "cut"), "IDEM-01");
  EXPECT_EQ(again().Wrong("b", Said::kAccepted), "IDEM-01");
  EXPECT_EQ(again().Wrong("b", Said::kOk, "", TextOf(0)), "IDEM-02");
  EXPECT_EQ(again().Wrong("a", Said::kReplayed, "", TextOf(0)), "IDEM-01");
  EXPECT_EQ(again().WrongCall(1), "IDEM-01");
}

TEST(ModelTest, APairIsAPair) {
  EXPECT_EQ(
      Talk().Ok(0, "a", {}, "k").Run("b", "t", "k").Wrong("b", Said::kReplayed, "", TextOf(0)),
      "IDEM-03");
}

TEST(ModelTest, ADuplicateNamesTheFirst) {
  const auto twice = [] {
    return Talk({2, 2}).Run("a", "s", "k").Run("b", "s", "k").Hear("a", Said::kAccepted).Call(0);
  };
  twice().Hear("b", Said::kDuplicate, "", "a").Quiet();
  EXPECT_EQ(twice().Wrong("b", Said::kDuplicate, "", "b"), "IDEM-04");
  EXPECT_EQ(twice().Wrong("b", Said::kAccepted), "IDEM-04");
  EXPECT_EQ(twice().Wrong("b", Said::kRefused, "BUSY"), "IDEM-04");
  EXPECT_EQ(twice().WrongCall(1), "IDEM-04");
}

TEST(ModelTest, AnActiveIdIsRefusedAndFreeAfterTheEnd) {
  const auto twice = [] {
    return Talk({2, 2}).Run("a").Hear("a", Said::kAccepted).Call(0).Run("a", "s", "k2");
  };
  twice().Hear("a", Said::kRefused, "INVALID_REQUEST").Quiet();
  EXPECT_EQ(twice().Wrong("a", Said::kAccepted), "REQ-12");
  Talk().Ok(0, "a").Run("a", "s", "k2").Hear("a", Said::kAccepted).Call(1, {0}).Quiet();
  EXPECT_EQ(Talk().Ok(0, "a").Run("a", "s", "k2").Wrong("a", Said::kRefused, "INVALID_REQUEST"),
            "REQ-12");
}

TEST(ModelTest, SlotsAndQueueAreCounted) {
  const auto full = [] {
    return Talk({1, 1})
        .Run("a")
        .Run("b", "t")
        .Run("c", "u")
        .Hear("a", Said::kAccepted)
        .Call(0)
        .Hear("b", Said::kAccepted);
  };
  full().Hear("c", Said::kRefused, "BUSY").Quiet();
  EXPECT_EQ(full().Wrong("c", Said::kAccepted), "ADMIT-02");
  EXPECT_EQ(full().WrongCall(1), "ADMIT-01");
  EXPECT_EQ(full().Hear("c", Said::kRefused, "BUSY").WrongCall(2), "ADMIT-06");
  EXPECT_EQ(
      Talk({1, 1}).Run("a").Run("b").Hear("a", Said::kAccepted).Wrong("b", Said::kRefused, "BUSY"),
      "ADMIT-02");
  EXPECT_EQ(Talk({2, 0})
                .Run("a")
                .Run("b", "t")
                .Hear("a", Said::kAccepted)
                .Wrong("b", Said::kRefused, "BUSY"),
            "ADMIT-01");
}

TEST(ModelTest, ASessionsRunsExecuteOneAtATimeInOrder) {
  const auto three = [] {
    return Talk({2, 2})
        .Run("a")
        .Run("b")
        .Run("c")
        .Hear("a", Said::kAccepted)
        .Hear("b", Said::kAccepted)
        .Hear("c", Said::kAccepted)
        .Call(0)
        .Quiet();
  };
  EXPECT_EQ(three().WrongCall(1), "SESS-06");
  three().Release(0).Call(1, {0}).Hear("a", Said::kOk, "", TextOf(0)).Quiet();
  EXPECT_EQ(three().Release(0).Hear("a", Said::kOk, "", TextOf(0)).WrongCall(2, {0}), "SESS-06");
  EXPECT_EQ(three().Release(0).Hear("a", Said::kOk, "", TextOf(0)).Missing(), "CTRL-07");
}

TEST(ModelTest, TheContextIsTheSessionsOkTurns) {
  const auto next = [] { return Talk().Ok(0, "a").Run("b").Hear("b", Said::kAccepted); };
  next().Call(1, {0}).Quiet();
  EXPECT_EQ(next().WrongCall(1), "SESS-01");
  EXPECT_EQ(next().WrongCall(1, {0, 0}), "SESS-01");
  EXPECT_EQ(Talk().Ok(0, "a").Run("b", "t").Hear("b", Said::kAccepted).WrongCall(1, {0}),
            "SESS-02");
  EXPECT_EQ(Talk()
                .Run("a", "s", "", false, Answer::kAuth)
                .Hear("a", Said::kAccepted)
                .Call(0)
                .Hear("a", Said::kError, "PROVIDER_AUTH")
                .Run("b")
                .WrongCall(1, {0, -1}),
            "SESS-05");
}

TEST(ModelTest, ACancelEndsARun) {
  const auto cancelled = [] {
    return Talk().Run("a").Hear("a", Said::kAccepted).Call(0).Cancel("c", "a");
  };
  cancelled().Hear("c", Said::kCancelAccepted).Hear("a", Said::kCanceled).Quiet();
  EXPECT_EQ(cancelled().Wrong("c", Said::kRefused, "INVALID_REQUEST"), "CTRL-02");
  EXPECT_EQ(cancelled().Hear("c", Said::kCancelAccepted).Wrong("a", Said::kError, "INTERNAL"),
            "CTRL-02");
  EXPECT_EQ(cancelled().Hear("c", Said::kCancelAccepted).Missing(), "CTRL-02");
}

TEST(ModelTest, ACancelThatRacesTheAnswerIsDecidedOnce) {
  const auto race = [] {
    return Talk().Run("a").Hear("a", Said::kAccepted).Call(0).Quiet().Release(0).Cancel("c", "a");
  };
  race().Hear("c", Said::kCancelAccepted).Hear("a", Said::kCanceled).Quiet();
  race().Hear("a", Said::kOk, "", TextOf(0)).Hear("c", Said::kRefused, "INVALID_REQUEST").Quiet();
  EXPECT_EQ(race().Hear("c", Said::kCancelAccepted).Wrong("a", Said::kOk, "", TextOf(0)),
            "CTRL-02");
  EXPECT_EQ(race().Hear("a", Said::kOk, "", TextOf(0)).Wrong("c", Said::kCancelAccepted),
            "CTRL-04");
}

TEST(ModelTest, ACancelOfNoRunOrOfAnotherSessionsIsRefused) {
  EXPECT_EQ(Talk().Ok(0, "a").Cancel("c", "a").Wrong("c", Said::kCancelAccepted), "CTRL-04");
  const auto foreign = [] {
    return Talk().Run("a").Hear("a", Said::kAccepted).Call(0).Cancel("c", "a", "t");
  };
  EXPECT_EQ(foreign().Wrong("c", Said::kCancelAccepted), "CTRL-05");
  EXPECT_EQ(foreign().Hear("c", Said::kRefused, "INVALID_REQUEST").Wrong("a", Said::kCanceled),
            "CTRL-05");
}

TEST(ModelTest, ARunThatIsCancelledInTheQueueIsNotCalledFor) {
  EXPECT_EQ(Talk()
                .Run("a")
                .Run("b")
                .Hear("a", Said::kAccepted)
                .Call(0)
                .Hear("b", Said::kAccepted)
                .Cancel("c", "b")
                .Hear("c", Said::kCancelAccepted)
                .Hear("b", Said::kCanceled)
                .WrongCall(1),
            "CTRL-08");
}

TEST(ModelTest, AClosedSessionsRunsEndFirstAndItsContextGoes) {
  const auto closed = [] { return Talk().Run("a").Hear("a", Said::kAccepted).Call(0).Close("x"); };
  closed().Hear("a", Said::kCanceled).Hear("x", Said::kClosed).Quiet();
  EXPECT_EQ(closed().Wrong("x", Said::kClosed), "CTRL-09");
  const auto next = [] {
    return Talk()
        .Ok(0, "a")
        .Close("x")
        .Hear("x", Said::kClosed)
        .Run("b")
        .Hear("b", Said::kAccepted);
  };
  next().Call(1).Quiet();
  EXPECT_EQ(next().WrongCall(1, {0}), "CTRL-09");
  Talk()
      .Ok(0, "a", {}, "k")
      .Close("x")
      .Hear("x", Said::kClosed)
      .Run("b", "s", "k")
      .Hear("b", Said::kReplayed, "", TextOf(0))
      .Quiet();
}

TEST(ModelTest, ADrainingHostEndsWhatWaitsAndRefusesWhatComes) {
  const auto term = [] {
    return Talk({1, 1})
        .Run("a")
        .Run("b")
        .Hear("a", Said::kAccepted)
        .Call(0)
        .Hear("b", Said::kAccepted)
        .Term();
  };
  term().Hear("b", Said::kError, "BUSY").Hear("a", Said::kError, "INTERNAL").Quiet();
  term().Release(0).Hear("a", Said::kOk, "", TextOf(0)).Hear("b", Said::kError, "BUSY").Quiet();
  EXPECT_EQ(term().Wrong("b", Said::kError, "INTERNAL"), "LIFE-07");
  EXPECT_EQ(term().Wrong("a", Said::kCanceled), "LIFE-07");
  // Before the signal is noticed a run may be queued; after a sign of it none is.
  EXPECT_EQ(term().Hear("b", Said::kError, "BUSY").Run("c", "t").Wrong("c", Said::kAccepted),
            "LIFE-07");
}

TEST(ModelTest, ADrainingHostWithoutRunsNeedNotReadOn) {
  const auto late = [] { return Talk().Term().Run("a").Close("x"); };
  late().Hear("a", Said::kRefused, "BUSY").Hear("x", Said::kClosed).Quiet();
  // It may still answer, until it is gone.
  late().NotQuiet().Exit().Quiet();
  late().Hear("a", Said::kRefused, "BUSY").NotQuiet().Exit().Quiet();
  // Without a signal nothing may stay unanswered.
  EXPECT_EQ(Talk().Close("x").Exit().NotQuiet().Missing(), "CTRL-09");
}

// It took 13 GB, and did not end.
TEST(ModelTest, IsLostWhereTooMuchRaces) {
  Model model({12, 0});
  for (int run = 0; run < 12; ++run) {
    const auto name = std::to_string(run);
    model.Send(
        {Input::Kind::kRun, "r" + name, "s" + name, "k" + name, "", Answer::kOk, false, true});
  }
  EXPECT_TRUE(model.Settle());
  EXPECT_TRUE(model.lost());
  EXPECT_FALSE(model.Hear({"nobody", Said::kPong})) << "what is said of it may be wrong";
  EXPECT_FALSE(model.Call(0, {}));
}

TEST(ModelTest, ACallBelongsToARun) {
  EXPECT_EQ(Talk().Ok(0, "a").WrongCall(0), "WIRE-01");
  EXPECT_EQ(Talk().Ok(0, "a").WrongCall(5), "WIRE-01");
}

}  // namespace
}  // namespace touchstone::model
