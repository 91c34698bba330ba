#include "fault-injection/proxy/worker.h"

#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <future>
#include <vector>

namespace touchstone::proxy {

namespace {

constexpr std::size_t kReadBuffer = 128 * 1024;
constexpr std::size_t kCrowd = 1000;

}  // namespace

Worker::Worker()
    : work_(io_.get_executor()), buffer_(kReadBuffer, '\0'), thread_([this] {
        pthread_setname_np(pthread_self(), "proxy");
        io_.run();
      }) {}

Worker::~Worker() {
  Run([this] { Abort(nullptr); });
  work_.reset();
  thread_.join();
}

void Worker::Run(const std::function<void()>& task) {
  const auto done = std::make_shared<std::promise<void>>();  // outlives the waiter's wake-up
  std::future<void> ran = done->get_future();
  boost::asio::post(io_, [&task, done] {
    task();
    done->set_value();
  });
  ran.wait();
}

void Worker::Take(Socket client, std::shared_ptr<Door> door, std::shared_ptr<Record> record) {
  const auto connection =
      std::make_shared<Connection>(std::move(client), std::move(door), std::move(record), *this);
  connections_.insert(connection);
  if (!connection->door()->open) return connection->Abort();  // it was closed meanwhile
  connection->Start();
}

void Worker::ApplyToxics(const Door* door) {
  const auto all = connections_;  // OnClosed() takes from it
  for (const auto& connection : all) {
    if (connection->door() == door) connection->ApplyToxics();
  }
}

void Worker::Abort(const Door* door) {
  const auto all = connections_;
  for (const auto& connection : all) {
    if (door == nullptr || connection->door() == door) connection->Abort();
  }
}

void Worker::OnClosed(const std::shared_ptr<Connection>& connection) {
  connections_.erase(connection);
  most_ = std::max(most_, connections_.size() + 1);
  if (!connections_.empty() || most_ < kCrowd) return;
  // A crowd has gone: what the allocator keeps for the next one goes back to the system. Later,
  // when the last connection is gone, too.
  most_ = 0;
  boost::asio::post(io_, [] { ::malloc_trim(0); });
}

}  // namespace touchstone::proxy
