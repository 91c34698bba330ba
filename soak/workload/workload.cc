#include "soak/workload/workload.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace touchstone::soak {
namespace {

using boost::json::object;

constexpr int kSessions = 16;
constexpr std::size_t kMostDone = 64;

std::string Line(const object& request) { return boost::json::serialize(request); }

constexpr int kTexts = 7;

WorkAnswer AnswerTo(int number) {
  const int kind = number % kTexts;
  return {fmt::format("kind-{};", kind), fmt::format("answer of kind {} é🎉", kind)};
}

}  // namespace

std::vector<WorkAnswer> WorkAnswers() {
  std::vector<WorkAnswer> answers;
  for (int i = 0; i < kTexts; ++i) answers.push_back(AnswerTo(i));
  return answers;
}

Workload::Workload(std::uint64_t seed, std::string prefix)
    : random_(seed), prefix_(std::move(prefix)) {}

WorkItem Workload::Next() {
  const int number = ++count_;
  const auto dice = random_() % 100;
  WorkItem item;
  item.request_id = fmt::format("{}-{}", prefix_, number);
  object request{{"protocol_version", 1}, {"request_id", item.request_id}};
  if (dice < 8) {
    request["type"] = "ping";
    item.expected = "PONG";
  } else if (dice < 12) {
    request["type"] = "run";  // without session, prompt and key
    item.expected = "INVALID_REQUEST";
  } else if (dice < 20 && !done_.empty()) {
    const Done& earlier = done_[random_() % done_.size()];
    request["type"] = "run";
    request["session_id"] = earlier.session;
    request["prompt"] = "again";
    request["idempotency_key"] = earlier.key;
    item.expected = "OK replayed";
    item.text = earlier.text;
  } else {
    request["type"] = "run";
    request["session_id"] = fmt::format("{}-session-{}", prefix_, random_() % kSessions);
    const auto answer = AnswerTo(number);
    request["prompt"] = fmt::format("question {}: αβγ 🎉 \"quoted\" {}", number, answer.word);
    request["idempotency_key"] = "key-" + item.request_id;
    item.expected = "OK";
    item.text = answer.text;
  }
  item.line = Line(request);
  return item;
}

void Workload::Answered(const WorkItem& item) {
  if (item.expected != "OK") return;
  const auto request = boost::json::parse(item.line).as_object();
  Done done{std::string(request.at("session_id").as_string()),
            std::string(request.at("idempotency_key").as_string()), item.text};
  if (done_.size() < kMostDone)
    done_.push_back(std::move(done));
  else
    done_[random_() % kMostDone] = std::move(done);
}

}  // namespace touchstone::soak
