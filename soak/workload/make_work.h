// Makes one piece of work: its lines, as bytes, and their right outcomes. Private to this folder.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "soak/draw.h"
#include "soak/workload/mix.h"
#include "soak/workload/work.h"

namespace touchstone::soak {

inline constexpr std::string_view kReplayed = "OK replayed";

// All that is drawn for one piece of work.
class Dice {
 public:
  Dice(std::uint64_t seed, std::int64_t number)
      : seed_(Draw(seed, static_cast<std::uint64_t>(number))) {}
  int Below(int n) { return static_cast<int>(Draw(seed_, drawn_++) % static_cast<unsigned>(n)); }

 private:
  std::uint64_t seed_, drawn_ = 0;
};

// The same request under another id; bytes that do not hold the id are left as they are.
std::string WithRequestId(std::string_view bytes, std::string_view id, std::string_view new_id);

// For one piece of work.
class WorkMaker {
 public:
  WorkMaker(const Mix& mix, WorkMode mode, std::string prefix, std::int64_t number, Dice& dice,
            const std::string& long_prompt);

  Work Make(RequestKind kind);  // any but kReplay
  Work Replay(const std::string& session, const std::string& key, const std::string& text);
  Work Canary();

 private:
  std::string NewId();  // "p-17", then "p-17.2"
  std::string OneOfTheSessions();
  std::string OwnSession();
  WorkLine Line(LineRole role, std::string_view type, std::vector<std::string> right,
                std::string_view requirement, boost::json::object fields);
  // A run whose prompt has the word.
  WorkLine Run(std::string_view word, const std::string& session, std::vector<std::string> right,
               std::string_view requirement, boost::json::object more = {});
  WorkLine Answered(std::string_view kind, const std::string& session,
                    boost::json::object more = {});  // a run that the provider answers
  WorkLine Close(const std::string& session, SendWhen when);
  WorkLine Ping();
  WorkLine Malformed();
  void MakeCancel(Work& work);
  void MakeDuplicate(Work& work);
  void MakeChurn(Work& work);

  const Mix& mix_;
  const WorkMode mode_;
  const std::string prefix_;
  const std::int64_t number_;
  Dice& dice_;
  const std::string& long_prompt_;
  int ids_ = 0;
};

}  // namespace touchstone::soak
