#include "conformance/fuzz/model/words.h"

#include <charconv>
#include <string_view>

#include "conformance/drive/requests.h"
#include "conformance/golden/provider_view.h"

namespace touchstone::model {
namespace {

// The number in "run 7." or "answer 7.".
int NumberIn(std::string_view text, std::string_view before) {
  if (!text.starts_with(before) || !text.ends_with('.')) return -1;
  text = text.substr(before.size(), text.size() - before.size() - 1);
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

std::optional<Said> SaidBy(std::string_view type, std::string_view status, bool replayed) {
  if (type == "error") return Said::kRefused;
  if (type == "ack") {
    if (status == "ACCEPTED") return Said::kAccepted;
    if (status == "DUPLICATE_IN_PROGRESS") return Said::kDuplicate;
    if (status == "PONG") return Said::kPong;
    if (status == "CANCEL_ACCEPTED") return Said::kCancelAccepted;
    if (status == "SESSION_CLOSED") return Said::kClosed;
  }
  if (type == "final") {
    if (replayed) return Said::kReplayed;
    if (status == "OK") return Said::kOk;
    if (status == "ERROR") return Said::kError;
    if (status == "TIMEOUT") return Said::kTimeout;
    if (status == "CANCELED") return Said::kCanceled;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Word> ReadWord(const Line& line) {
  const auto id = line.Text("request_id"), type = line.Text("type");
  if (!id || !type || !line.object()) return std::nullopt;
  const auto* mark = line.object()->if_contains("replayed");
  const bool replayed = mark && mark->is_bool() && mark->get_bool();
  const auto said = SaidBy(*type, line.Text("status").value_or(""), replayed);
  if (!said) return std::nullopt;
  Word word{std::string(*id), *said, {}, {}};
  if (*said == Said::kError || *said == Said::kRefused) word.code = CodeOf(line);
  if (*said == Said::kOk || *said == Said::kReplayed) word.text = line.Text("text").value_or("");
  if (*said == Said::kDuplicate) word.text = line.Text("existing_request_id").value_or("");
  return word;
}

std::pair<int, std::vector<int>> ReadCall(const provider::Call& call) {
  const auto turns = TurnsOf(call);
  std::vector<int> history;
  const auto text = [&](std::size_t i) {
    const auto* said = turns[i].get_array().at(1).if_string();
    return said ? std::string_view(*said) : std::string_view();
  };
  if (turns.empty()) return {-1, {}};
  const std::size_t last = turns.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    // A prompt without its answer shows its run, too, but is no turn.
    const int run = NumberIn(text(i), "run ");
    history.push_back(run);
    if (run >= 0 && i + 1 < last && NumberIn(text(i + 1), "answer ") == run)
      ++i;
    else if (run >= 0)
      history.push_back(-1);
  }
  return {NumberIn(text(last), "run "), history};
}

}  // namespace touchstone::model
