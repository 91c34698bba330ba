#include "fault-injection/proxy/worker.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <future>
#include <vector>

namespace touchstone::proxy {

namespace {

constexpr std::size_t kReadBuffer = 128 * 1024;

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
  const auto connection = std::allocate_shared<Connection>(
      std::pmr::polymorphic_allocator<Connection>(&memory_), std::move(client), std::move(door),
      std::move(record), *this);
  connections_.insert(connection);
  if (!connection->door()->open) return connection->Abort();  // it was closed meanwhile
  connection->Start();
}

void Worker::ApplyToxics(const Door* door) {
  const std::vector all(connections_.begin(), connections_.end());  // OnClosed() takes from it
  for (const auto& connection : all) {
    if (connection->door() == door) connection->ApplyToxics();
  }
}

void Worker::Abort(const Door* door) {
  const std::vector all(connections_.begin(), connections_.end());
  for (const auto& connection : all) {
    if (door == nullptr || connection->door() == door) connection->Abort();
  }
}

void Worker::OnClosed(const std::shared_ptr<Connection>& connection) {
  connections_.erase(connection);
}

}  // namespace touchstone::proxy
