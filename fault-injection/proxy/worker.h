// A thread with connections of its own. There is one for each core; a connection never changes
// threads.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "fault-injection/proxy/connection.h"
#include "fault-injection/proxy/connection_memory.h"

namespace touchstone::proxy {

class Worker final : public ConnectionOwner {
 public:
  Worker();
  ~Worker();  // aborts all connections

  boost::asio::io_context& io() { return io_; }

  // Runs it on the worker's thread, and waits until it has run. Not from that thread.
  void Run(const std::function<void()>& task);

  // On the worker's thread alone:
  void Take(Socket client, std::shared_ptr<Door> door, std::shared_ptr<Record> record);
  void ApplyToxics(const Door* door);
  void Abort(const Door* door);  // null: all

  std::string& ReadBuffer() override { return buffer_; }
  std::pmr::memory_resource& memory() override { return memory_; }
  void OnClosed(const std::shared_ptr<Connection>& connection) override;

 private:
  ConnectionMemory memory_;  // outlives what is queued in io_
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::string buffer_;
  std::pmr::set<std::shared_ptr<Connection>> connections_{&memory_};
  std::jthread thread_;
};

}  // namespace touchstone::proxy
