// What C++ checks share: a conversation with one host process, the wish that something holds, and
// the judgement at the end.
//
//     Scene scene(rig, mode);
//     HostProcess* host = scene.Host();
//     if (!host) return scene.Judge();
//     …
//     scene.Require(rss < limit, "FRAME-08", fmt::format("RSS grew by {}", rss));
//     return scene.Judge();
#pragma once

#include <string>
#include <string_view>

#include "conformance/drive/conversation.h"
#include "conformance/drive/requests.h"
#include "conformance/run/result.h"

namespace touchstone {

class Scene {
 public:
  Scene(Rig& rig, Mode mode) : talk_(rig, mode) {}

  Conversation& talk() { return talk_; }
  provider::Lane& lane() { return talk_.lane(); }
  Mode mode() const { return talk_.mode(); }

  // The process for the next request, see Conversation::ForRequest. Nullptr: it cannot be started,
  // and that is noted.
  HostProcess* Host(const std::string& label = "");
  // A further process of the scene's mode beside those that run; nullptr as above.
  HostProcess* StartAnother(const std::string& label = "another");
  // Gives the provider its rules; they are the check's own, so a fault in them is a bug.
  void Rules(std::string_view json);

  // Sends one line. In O and B stdin is closed behind it.
  WriteTimes Send(HostProcess& host, const boost::json::object& request);
  // The answer to a request; nullptr (and blame on `requirement`) when none comes in time.
  const Line* Answer(HostProcess& host, std::string_view id, std::string_view requirement);
  // Waits until `n` calls have arrived at the provider; false (and blame) when they do not.
  bool AwaitCalls(std::size_t n, std::string_view requirement);

  // Blames the requirement unless `holds`. Returns `holds`.
  bool Require(bool holds, std::string_view requirement, std::string message);

  // Nothing has been blamed so far, and no answer was missing.
  bool sound() const { return !broken_off_ && talk_.Violations().empty(); }

  TimePoint Deadline() { return Clock::now() + talk_.rig().patience.Now(); }

  // Ends the processes as a case does and judges all that was seen.
  Judgement Judge();
  // What a play is judged whose only fault is that something came too late; after Judge().
  Judgement Late(std::string_view requirement, std::string message);

 private:
  Conversation talk_;
  bool broken_off_ = false;
};

}  // namespace touchstone
