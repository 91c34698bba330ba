#include "reference-host/e2e/fake_provider.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace refhost {

FakeProvider::FakeProvider(Script script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) || listen(listener_, 128))
    abort();
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  accepter_ = std::jthread([this] { Accept(); });
}

FakeProvider::~FakeProvider() {
  shutdown(listener_, SHUT_RDWR);
  accepter_.join();
  threads_.clear();
  close(listener_);
}

void FakeProvider::Accept() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void FakeProvider::Serve(int fd) {
  std::string bytes;
  char piece[65536];
  size_t end;
  while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
    const ssize_t count = recv(fd, piece, sizeof piece, 0);
    if (count <= 0) return void(close(fd));
    bytes.append(piece, static_cast<size_t>(count));
  }
  Call call;
  call.head = bytes.substr(0, end);
  bytes.erase(0, end + 4);
  const size_t at = call.head.find("Content-Length: ");
  const size_t length = at == std::string::npos ? 0 : std::stoul(call.head.substr(at + 16));
  while (bytes.size() < length) {
    const ssize_t count = recv(fd, piece, sizeof piece, 0);
    if (count <= 0) return void(close(fd));
    bytes.append(piece, static_cast<size_t>(count));
  }
  call.body = Json::parse(bytes, nullptr, false);
  if (call.body.is_object()) {
    const Json content = call.body["messages"].back()["content"];
    call.prompt = content.is_string() ? content.get<std::string>() : content.dump();
  }
  call.fd = fd;
  {
    std::lock_guard lock(mutex_);
    call.number = ++calls_;
    seen_.push_back(call);
  }
  script_(call);
  close(fd);
}

FakeProvider::Call FakeProvider::call(size_t index) {
  std::lock_guard lock(mutex_);
  return seen_.at(index);
}

void FakeProvider::Call::Send(const std::string& bytes) const {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (count <= 0) return;
    done += static_cast<size_t>(count);
  }
}

void FakeProvider::Call::Answer(const std::string& text) const {
  AnswerJson({{"choices", {{{"message", {{"role", "assistant"}, {"content", text}}}}}},
              {"usage", {{"prompt_tokens", 3}, {"completion_tokens", 4}}}});
}

void FakeProvider::Call::AskFor(const Json& calls) const {
  Json list = Json::array();
  for (const Json& call : calls) {
    const Json arguments = call["arguments"];
    list.push_back({{"id", call["id"]},
                    {"type", "function"},
                    {"function",
                     {{"name", call["name"]},
                      {"arguments",
                       arguments.is_string() ? arguments.get<std::string>() : arguments.dump()}}}});
  }
  const Json message = {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", list}};
  AnswerJson({{"choices", {{{"message", message}}}},
              {"usage", {{"prompt_tokens", 3}, {"completion_tokens", 4}}}});
}

void FakeProvider::Call::AnswerJson(const Json& body) const {
  const std::string bytes = body.dump();
  Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
       std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
}

void FakeProvider::Call::Status(int status, const std::string& headers) const {
  Send("HTTP/1.1 " + std::to_string(status) + " Because\r\nContent-Length: 2\r\n" + headers +
       "\r\n{}");
}

void FakeProvider::Call::Reset() const {
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool FakeProvider::Call::AwaitClose(int timeout_ms) const {
  pollfd wait{fd, POLLIN | POLLRDHUP, 0};
  return poll(&wait, 1, timeout_ms) > 0;
}

Env FakeProvider::EnvFor(const TempDir& dir) const {
  return {{"LLM_PROVIDER", "openai"},
          {"LLM_API_KEY", "sk-canary-0123456789"},
          {"LLM_MODEL", "test-model"},
          {"LLM_BASE_URL", base_url()},
          {"ZENE_STATE_DIR", dir.path() + "/state"}};
}

}  // namespace refhost
