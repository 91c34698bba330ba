#include "fault-injection/provider/connection.h"

#include <fmt/format.h>

#include <utility>

#include "fault-injection/provider/models.h"

namespace touchstone::provider {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::string_view kLanePrefix = "/lane/";

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

// The lane's name as it is in the path, and the path below it.
std::pair<std::string_view, std::string_view> SplitTarget(std::string_view target) {
  if (const std::size_t scheme = target.find("://");
      scheme != 0 && !target.starts_with('/') && scheme != std::string_view::npos) {
    const std::size_t slash = target.find('/', scheme + 3);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  if (!target.starts_with(kLanePrefix)) return {"", target};
  const std::string_view rest = target.substr(kLanePrefix.size());
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  return {rest.substr(0, end), rest.substr(end)};
}

std::string_view WithoutQuery(std::string_view path) { return path.substr(0, path.find('?')); }

std::vector<std::pair<std::string, std::string>> HeadersOf(const HttpReader::Message& message) {
  std::vector<std::pair<std::string, std::string>> headers;
  headers.reserve(16);
  for (const auto& field : message) {
    std::string name(View(field.name_string()));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    headers.emplace_back(std::move(name), View(field.value()));
  }
  return headers;
}

Content ErrorContent(std::string_view message, std::string_view code = "null") {
  Content content;
  content.type = "application/json";
  content.pieces = {fmt::format(
      R"({{"error":{{"message":"{}","type":"invalid_request_error","param":null,"code":{}}}}})",
      message, code)};
  return content;
}

// To a request that could not be read; it is not known to whom it went.
Content Unreadable(int status) {
  if (status == 413) return ErrorContent("The body is above 64 MiB.", R"("request_too_large")");
  if (status == 431) return ErrorContent("The header is above 64 KiB.", R"("header_too_large")");
  return ErrorContent("This is no HTTP request.", R"("not_http")");
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, ConnectionOwner& owner)
    : socket_(std::move(socket)), owner_(owner), timer_(socket_.get_executor()) {}

void Connection::Start() {
  error_code error;
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  socket_.non_blocking(true, error);
  if (error) return Shut();
  if (const auto lane = owner_.FindLane("")) {
    opened_at_ = lane->Now();
    // Where there is a control API, it is not known yet whether this is one of the lane's.
    if (owner_.ControlledLane() == nullptr) EnterRoot();
  }
  Read();
}

void Connection::Abort() {
  if (!IsOpen()) return;
  EndCall(LaneState::End::kAborted);
  SaySomebodyCloses(Closer::kProvider, false);
  Shut();
}

void Connection::Shut() {
  ++wait_;
  playing_ = false;
  timer_.cancel();
  error_code ignored;  // says that the peer had reset it; it is closed all the same
  socket_.close(ignored);
  awaited_.reset();
  EnterRoot();
  Leave();
  owner_.OnClosed(shared_from_this());
}

void Connection::Read() {
  if (reading_ || !IsOpen()) return;
  reading_ = true;
  socket_.async_read_some(reader_.Prepare(),
                          [self = shared_from_this()](const error_code& error, std::size_t size) {
                            self->OnRead(error, size);
                          });
}

void Connection::OnRead(const error_code& error, std::size_t size) {
  reading_ = false;
  if (!IsOpen()) return;
  if (error) return OnCallerGone(error != asio::error::eof);
  link_.received += size;
  if (!draining_) {
    reader_.Commit(size);
    if (!playing_) Run();
  }
  // A caller that pipelines this much is made to wait; only then its close goes unseen for a while.
  if (!playing_ || reader_.buffered() < kMaxPipelinedBytes) Read();
}

void Connection::SaySomebodyCloses(Closer closer, bool reset) {
  if (link_.first_closer != Closer::kNobody) return;
  link_.first_closer = closer;
  link_.reset = reset;
}

void Connection::OnCallerGone(bool reset) {
  SaySomebodyCloses(Closer::kCaller, reset);
  EndCall(LaneState::End::kClosedByCaller);
  Shut();
}

void Connection::EndCall(LaneState::End end) {
  if (call_ != 0) lane_->Ended(std::exchange(call_, 0), end, std::move(sent_));
}

// Takes requests and plays their scripts until something has to be waited for.
void Connection::Run() {
  while (IsOpen() && !draining_) {
    if (!playing_ && !TakeRequest()) return;
    while (playing_ && action_ < script_.actions.size()) {
      if (Perform(script_.actions[action_]) == Step::kWait) return;
    }
    if (playing_) {
      playing_ = false;
      EndCall(LaneState::End::kAnswered);
    }
  }
}

bool Connection::TakeRequest() {
  switch (reader_.Next()) {
    case HttpReader::Result::kRequest:
      Dispatch(reader_.Take());
      return true;
    case HttpReader::Result::kError: {
      const Framing last{.keep_alive = false};
      if (IsControl(SplitTarget(reader_.target()).second) && owner_.ControlledLane() != nullptr) {
        controls_ = true;
      }
      EnterRoot();
      // A connection that asked for something before is cut off for another reason.
      if (reader_.error_status() == 400) link_.not_http = reader_.refused();
      Play(Plain(reader_.error_status(), Unreadable(reader_.error_status()), last), 0);
      return true;
    }
    case HttpReader::Result::kNeedMoreAndContinue:
      // 25 bytes on a connection with nothing else in flight: they fit or the caller is gone.
      if (Write("HTTP/1.1 100 Continue\r\n\r\n") != Written::kAll) OnCallerGone();
      return false;
    case HttpReader::Result::kNeedMore:
      break;
  }
  return false;
}

void Connection::Dispatch(HttpReader::Message message) {
  const Framing framing{.keep_alive = message.keep_alive(), .http_1_0 = message.version() == 10};
  const std::string target(View(message.target()));
  const auto [name, path] = SplitTarget(target);
  if (name.empty() && IsControl(path)) {
    if (const auto lane = owner_.ControlledLane()) return OnControl(message, path, framing, lane);
  }
  std::shared_ptr<LaneState> lane = owner_.FindLane(name);
  if (lane == nullptr) {
    Leave();
    const bool head = message.method() == http::verb::head;
    return Play(Plain(404, ErrorContent("There is no such lane."), framing, head), 0);
  }
  Enter(std::move(lane));
  if (message.method() == http::verb::get || message.method() == http::verb::head) {
    OnProbe(message, path, framing);
  } else {
    OnCall(std::move(message), path, framing);
  }
}

void Connection::Enter(std::shared_ptr<LaneState> lane) {
  if (lane_ == lane && link_life_ == lane->life()) return;
  const std::uint64_t received =
      lane_ == nullptr ? link_.received : 0;  // the request that led here
  Leave();
  lane_ = std::move(lane);
  link_.received = received;
  const auto [number, life] = lane_->OpenLink(opened_at_ ? *opened_at_ : lane_->Now());
  opened_at_.reset();
  link_.number = number;
  link_life_ = life;
}

// A connection that never says what it wants is told of, too.
void Connection::EnterRoot() {
  if (lane_ != nullptr || controls_ || !opened_at_) return;
  if (auto lane = owner_.FindLane("")) Enter(std::move(lane));
}

void Connection::Leave() {
  if (lane_ != nullptr) lane_->CloseLink(link_, link_life_);
  lane_.reset();
  link_ = {};
}

void Connection::OnProbe(const HttpReader::Message& message, std::string_view path,
                         Framing framing) {
  lane_->CountProbe();
  const bool head = message.method() == http::verb::head;
  const ProbeAnswer answer = AnswerProbe({.lane = lane_->name(),
                                          .path = WithoutQuery(path),
                                          .anthropic = message.count("anthropic-version") > 0,
                                          .head = head,
                                          .upgrade = message.count(http::field::upgrade) > 0});
  Play(Plain(answer.status, answer.content, framing, head), 0);
}

void Connection::OnCall(HttpReader::Message message, std::string_view path, Framing framing) {
  Call call;
  call.method = View(message.method_string());
  call.path = path;
  call.headers = HeadersOf(message);
  call.body = std::move(message.body());
  call.connection = link_.number;

  const bool post = message.method() == http::verb::post;
  const Dialect* dialect = post ? DialectOf(WithoutQuery(path)) : nullptr;
  std::string refusal;
  if (dialect == nullptr) {
    // Without the query, where Gemini's callers have their key.
    refusal = fmt::format("{} {} is no call of a provider; known are {}", call.method,
                          WithoutQuery(path), KnownPaths());
  }
  const LaneState::Verdict verdict =
      lane_->Arrive(std::move(call), dialect == nullptr ? "" : dialect->name(), std::move(refusal));
  const std::uint64_t ticket = verdict.ticket;
  if (dialect == nullptr) {
    return Play(Plain(404, ErrorContent("There is no such path."), framing), ticket);
  }
  const auto hold = [&](Script script) {
    if (!verdict.barrier.empty()) {
      script.actions.insert(script.actions.begin(), Hold{verdict.barrier});
    }
    Play(std::move(script), ticket);
  };
  if (verdict.choice.respond == nullptr) {
    const std::string words = "touchstone: no rule matches; nearest: " + verdict.choice.near_miss;
    return hold(Plain(500, dialect->Error(verdict.request, 500, words), framing));
  }
  hold(Compile(*verdict.choice.respond, verdict.request, *dialect, framing, verdict.choice.draw,
               verdict.key));
}

void Connection::Play(Script script, std::uint64_t ticket) {
  script_ = std::move(script);
  action_ = 0;
  offset_ = 0;
  passed_ = false;
  flooded_ = 0;
  sent_ = {};
  call_ = ticket;
  playing_ = true;
}

}  // namespace touchstone::provider
