#include "conformance/bench/contender.h"

#include <fmt/format.h>

#include <cstdlib>

namespace touchstone {
namespace {

// Cheap, since it is called within the measured time: whether the answers are right in each detail
// is for the suites to judge.
bool Holds(std::string_view line, std::string_view text) {
  return line.find(text) != std::string_view::npos;
}

class Host : public Contender {
 public:
  Host(std::string name, Rig& rig) : name_(std::move(name)), rig_(rig) {}

  const std::string& name() const override { return name_; }

  bool Takes(Mode mode, Answers, StateDir) const override {
    return rig_.profile.CommandFor(mode) != nullptr;
  }

  void Prepare(Mode mode, Answers answers) override {
    talk_ = std::make_unique<Conversation>(rig_, mode);
    talk_->SetEnv("ZENE_LOG_LEVEL", "error");
    if (answers == Answers::kEcho) talk_->SetEnv("LLM_PROVIDER", "echo");
    provider::Rule rule;
    rule.respond.text = "fine";
    talk_->lane().SetRules({rule});
  }

  tl::expected<Launch, std::string> Next(StateDir state) override {
    std::error_code ec;
    if (!fresh_.empty()) std::filesystem::remove_all(fresh_, ec);
    fresh_.clear();
    if (state == StateDir::kFresh) fresh_ = talk_->home() / fmt::format("fresh-{}", ++started_);
    talk_->SetEnv("ZENE_STATE_DIR", state == StateDir::kFresh ? fresh_ : talk_->state_dir());
    const auto& argv = *rig_.profile.CommandFor(talk_->mode());
    auto program = FindProgram(argv.front());
    if (!program) return tl::unexpected(program.error());
    return Launch{*program, {argv, talk_->Environment(), {}}};
  }

  Reads Read(std::string_view line, std::string_view quoted_id) const override {
    if (!Holds(line, quoted_id) || Holds(line, "\"ACCEPTED\"")) return Reads::kOther;
    return Holds(line, "\"PONG\"") || Holds(line, "\"OK\"") ? Reads::kAnswer : Reads::kWrong;
  }

 private:
  const std::string name_;
  Rig& rig_;
  std::unique_ptr<Conversation> talk_;
  std::filesystem::path fresh_;
  int started_ = 0;
};

class Plain : public Contender {
 public:
  explicit Plain(Peer peer) : peer_(std::move(peer)) {}

  const std::string& name() const override { return peer_.name; }
  // It has no provider and keeps nothing.
  bool Takes(Mode, Answers answers, StateDir) const override { return answers == Answers::kEcho; }
  void Prepare(Mode, Answers) override {}

  tl::expected<Launch, std::string> Next(StateDir) override {
    auto program = FindProgram(peer_.argv.front());
    if (!program) return tl::unexpected(program.error());
    const char* path = ::getenv("PATH");
    return Launch{*program, {peer_.argv, {fmt::format("PATH={}", path ? path : "/usr/bin")}, {}}};
  }

  Reads Read(std::string_view line, std::string_view quoted_id) const override {
    return Holds(line, quoted_id) ? Reads::kAnswer : Reads::kOther;
  }

 private:
  const Peer peer_;
};

}  // namespace

std::unique_ptr<Contender> HostContender(std::string name, Rig& rig) {
  return std::make_unique<Host>(std::move(name), rig);
}

std::unique_ptr<Contender> PeerContender(Peer peer) {
  return std::make_unique<Plain>(std::move(peer));
}

}  // namespace touchstone
