#include "conformance/fuzz/shrink.h"

#include <rapidcheck.h>

#include <algorithm>

#include "conformance/fuzz/json_scan.h"

namespace touchstone::fuzz {
namespace {

// The line without one of its members. Only for one line of JSON.
std::vector<std::string> WithoutAMember(const std::string& text) {
  std::vector<std::string> simpler;
  const Scan scan = ScanJson(text);
  if (!scan.is_json || !scan.is_object) return simpler;
  for (std::size_t left_out = 0; left_out < scan.members.size(); ++left_out) {
    std::string line = "{";
    for (std::size_t i = 0; i < scan.members.size(); ++i) {
      if (i == left_out) continue;
      const auto& member = scan.members[i];
      // A key that needs escapes is left to the bytes.
      if (member.key.find_first_of("\"\\") != member.key.npos) return {};
      line += (line.size() > 1 ? ",\"" : "\"") + member.key + "\":" + std::string(member.raw);
    }
    simpler.push_back(line + "}");
  }
  return simpler;
}

// The LF at the end stays, so that one line stays one line.
std::string EndOf(const std::string& text) { return text.ends_with('\n') ? "\n" : ""; }
std::string BodyOf(const std::string& text) {
  return text.substr(0, text.size() - EndOf(text).size());
}

// A slow host may take longer to be asked for the chunks; what comes then is not worth a wait.
constexpr auto kTimeToPolish = std::chrono::seconds(8);

// Whether a host hangs is asked a fresh one: no answer for as long is a hang.
constexpr std::chrono::milliseconds kPatience{1500};
// Each question about a host that hangs costs all of the patience. So the search asks with less, as
// many times what this host needs for a whole life; and what it finds is asked with all of it.
constexpr int kLives = 6;
constexpr std::chrono::milliseconds kLeastPatience{100};

class Search {
 public:
  Search(Rig& rig, Mode mode, HostSettings settings, TimePoint deadline, std::stop_token stop)
      : rig_(rig),
        mode_(mode),
        settings_(settings),
        patience_(std::min(settings.patience, kPatience)),
        deadline_(deadline),
        polished_(std::min(deadline, Clock::now() + kTimeToPolish)),
        stop_(stop) {
    settings_.patience = patience_;
  }

  Minimal Run(const std::vector<std::string>& inputs, const Fault& first) {
    lapse_ = first.lapse;
    auto minimal = InAHurry(inputs, first);
    if (!minimal) {
      SetPatience(patience_);
      minimal = Reduce(inputs, first);
    }
    minimal->hosts_asked = asked_;
    return std::move(*minimal);
  }

 private:
  bool Over() const { return Clock::now() > deadline_ || stop_.stop_requested(); }

  void SetPatience(std::chrono::milliseconds patience) {
    settings_.patience = patience;
    host_.reset();
    wanted_.clear();
  }

  // Nothing: a host that is slow looked like one that hangs, or what is wrong had no time to show.
  std::optional<Minimal> InAHurry(const std::vector<std::string>& inputs, const Fault& first) {
    const auto enough = EnoughPatience();
    if (enough == patience_) return std::nullopt;
    SetPatience(enough);
    deadline_ -= patience_;  // the time to ask with all of it
    auto minimal = Reduce(inputs, first);
    deadline_ += patience_;
    const auto wanted = wanted_;
    SetPatience(patience_);
    wanted_ = wanted;
    if (!minimal.reproduced) return std::nullopt;
    if (Over()) return minimal;  // better than to begin anew with no time left
    if (!Fails(minimal.inputs)) return std::nullopt;
    minimal.violation = seen_;
    return minimal;
  }

  // A whole life of a host that has nothing but a ping to answer, some times over.
  std::chrono::milliseconds EnoughPatience() {
    if (mode_ != Mode::kStream) return patience_;
    const auto begun = Clock::now();
    ++asked_;
    if (!RunFresh(rig_, mode_, {}, settings_).empty()) return patience_;
    const auto life = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    return std::min(patience_, std::max(kLeastPatience, kLives * life));
  }

  Minimal Reduce(const std::vector<std::string>& inputs, const Fault& first) {
    Minimal minimal{inputs, first.violation, false, 0};
    if (first.input && *first.input < inputs.size() && !inputs[*first.input].ends_with('\n') &&
        Fails({inputs[*first.input] + '\n'})) {
      // That it had no LF was not what broke it.
      minimal.inputs = {inputs[*first.input] + '\n'};
    } else if (first.input && *first.input < inputs.size() && Fails({inputs[*first.input]})) {
      minimal.inputs = {inputs[*first.input]};
    } else if (const auto length = FailingPrefix(inputs); length > 0) {
      minimal.inputs.assign(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(length));
      if (Fails({minimal.inputs.back()})) {
        minimal.inputs = {minimal.inputs.back()};
      } else {
        minimal.inputs =
            Fewest(std::move(minimal.inputs), [this](const auto& fewer) { return Fails(fewer); });
      }
    } else {
      return minimal;
    }
    minimal.reproduced = true;
    wanted_ = seen_.requirement;
    if (minimal.inputs.size() == 1) {
      minimal.inputs = {Simplest(minimal.inputs[0])};
    }
    minimal.violation = seen_;
    return minimal;
  }

  bool Fails(const std::vector<std::string>& inputs) {
    if (Over()) return false;
    ++asked_;
    return IsIt(RunFresh(rig_, mode_, inputs, settings_));
  }

  // One more simple input at a host that has stood the former ones: a process only for each that
  // fails. A run might meet an earlier one, and gets a host of its own.
  bool Fails(const std::string& input) {
    if (mode_ != Mode::kStream || input.find("run") != input.npos)
      return Fails(std::vector<std::string>{input});
    if (Over()) return false;
    if (!host_) {
      ++asked_;
      host_ = std::make_unique<StreamHost>(rig_, settings_);
      if (!host_->Start()) return false;
    }
    host_->Send(input, 0);
    host_->Ping();
    if (host_->Settle() && host_->lapses().empty()) return false;
    host_.reset();
    // Only what fails by itself counts.
    return Fails(std::vector<std::string>{input});
  }

  bool IsIt(const std::vector<Fault>& faults) {
    for (const Fault& fault : faults) {
      if (fault.lapse != lapse_) continue;
      if (!wanted_.empty() && fault.violation.requirement != wanted_) continue;
      seen_ = fault.violation;
      return true;
    }
    return false;
  }

  // The number of inputs from the beginning on that fail while one less does not; 0: all of them
  // are no fault.
  std::size_t FailingPrefix(const std::vector<std::string>& inputs) {
    if (!Fails(inputs)) return 0;
    std::size_t sound = 0, failing = inputs.size();
    while (failing - sound > 1 && !Over()) {
      const auto middle = sound + (failing - sound) / 2;
      const std::vector<std::string> prefix(inputs.begin(),
                                            inputs.begin() + static_cast<std::ptrdiff_t>(middle));
      (Fails(prefix) ? failing : sound) = middle;
    }
    return failing;
  }

  // Without chunk after chunk, large ones first: some two questions for each element.
  template <typename Sequence, typename Predicate>
  Sequence Fewest(Sequence all, Predicate fails) {
    for (auto chunk = all.size() / 2; chunk > 0 && !Over(); chunk /= 2) {
      for (auto end = all.size(); end > 0 && !Over();) {
        const auto begin = end > chunk ? end - chunk : 0;
        auto fewer = all;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(begin),
                    fewer.begin() + static_cast<std::ptrdiff_t>(end));
        if (!fewer.empty() && fails(fewer)) all = std::move(fewer);
        end = begin;
      }
    }
    return all;
  }

  // Member by member, then chunk by chunk. rapidcheck, which tries each stretch of each length and
  // begins anew after each success, takes the square of that: it polishes what is short by then.
  std::string Simplest(std::string text) {
    while (!Over()) {
      auto fewer = WithoutAMember(BodyOf(text));
      const auto found = std::ranges::find_if(
          fewer, [&](const std::string& body) { return Fails(body + EndOf(text)); });
      if (found == fewer.end()) break;
      text = *found + EndOf(text);
    }
    const std::string end = EndOf(text);
    text = Fewest(BodyOf(text), [&](const std::string& body) { return Fails(body + end); }) + end;
    return Polished(text);
  }

  std::string Polished(const std::string& text) {
    auto shrinkable = rc::shrinkable::shrinkRecur(text, &ShrinkText);
    const auto over = [this] { return Over() || Clock::now() > polished_; };
    for (bool simpler = true; simpler && !over();) {
      simpler = false;
      auto candidates = shrinkable.shrinks();
      while (auto candidate = candidates.next()) {
        if (over()) break;
        if (!Fails(candidate->value())) continue;
        shrinkable = std::move(*candidate);
        simpler = true;
        break;
      }
    }
    return shrinkable.value();
  }

  Rig& rig_;
  const Mode mode_;
  HostSettings settings_;
  const std::chrono::milliseconds patience_;
  TimePoint deadline_;
  const TimePoint polished_;
  const std::stop_token stop_;
  std::unique_ptr<StreamHost> host_;
  bool lapse_ = false;
  std::string wanted_;
  Violation seen_;
  int asked_ = 0;
};

}  // namespace

rc::Seq<std::string> ShrinkText(const std::string& text) {
  const auto body = BodyOf(text);
  auto candidates =
      rc::seq::concat(rc::seq::fromContainer(WithoutAMember(body)), rc::shrink::removeChunks(body));
  return rc::seq::map(std::move(candidates),
                      [end = EndOf(text)](const std::string& simpler) { return simpler + end; });
}

Minimal Minimise(Rig& rig, Mode mode, const std::vector<std::string>& inputs, const Fault& first,
                 HostSettings settings, TimePoint deadline, std::stop_token stop) {
  const auto begun = Clock::now();
  auto minimal = Search(rig, mode, settings, deadline, std::move(stop)).Run(inputs, first);
  minimal.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  return minimal;
}

}  // namespace touchstone::fuzz
