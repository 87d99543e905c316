#include "platform/http/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

#include "platform/http/listener.h"
#include "platform/http/worker.h"

namespace latchkey::http {
namespace {

// The file of a Unix socket of ours, removed at the end unless another took its place.
class SocketFile {
 public:
  explicit SocketFile(std::string path) : path_(std::move(path)) { ::stat(path_.c_str(), &made_); }
  SocketFile(SocketFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), made_(other.made_) {}
  SocketFile& operator=(SocketFile&&) = delete;
  ~SocketFile() {
    struct stat found{};
    if (path_.empty() || ::stat(path_.c_str(), &found) != 0) return;
    if (found.st_dev == made_.st_dev && found.st_ino == made_.st_ino) ::unlink(path_.c_str());
  }

 private:
  std::string path_;
  struct stat made_{};
};

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, const Router& router, Hooks hooks)
      : shared(std::move(options), router, std::move(hooks)) {
    std::size_t threads = shared.options.threads;
    if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
    for (std::size_t i = 0; i < threads; ++i) {
      workers.push_back(std::make_unique<Worker>(i, shared));
    }
  }

  void add(Listener listener) {
    if (!listener.unix_path.empty()) {
      socket_files.emplace_back(std::move(listener.unix_path));
      std::vector<Worker*> everybody;
      for (const auto& worker : workers) everybody.push_back(worker.get());
      workers.front()->listen(std::move(listener.sockets.front()), std::move(everybody));
      return;
    }
    if (port == 0) port = listener.port;
    for (std::size_t i = 0; i < workers.size(); ++i) {
      workers[i]->listen(std::move(listener.sockets[i]));
    }
  }

  void stop() {
    for (const auto& worker : workers) worker->stop();
  }

  Shared shared;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<SocketFile> socket_files;
  std::uint16_t port = 0;
  bool running = false;
};

Server::Server(ServerOptions options, const Router& router, Hooks hooks)
    : impl_(std::make_unique<Impl>(std::move(options), router, std::move(hooks))) {}

// All threads end before any worker goes: they deal connections to each other.
Server::~Server() { impl_->stop(); }

void Server::start() {
  const ServerOptions& options = impl_->shared.options;
  if (options.listen.empty()) throw std::runtime_error("listen: no address to listen on");
  for (const std::string& address : options.listen) {
    impl_->add(listen_at(address, impl_->workers.size(), options.unix_mode));
  }
  for (const auto& worker : impl_->workers) worker->start();
  impl_->running = true;
}

std::uint16_t Server::port() const { return impl_->port; }

std::size_t Server::worker_count() const { return impl_->workers.size(); }

void Server::close_after_answers() {
  for (const auto& worker : impl_->workers) worker->close_after_answers();
}

void Server::drain() {
  if (!std::exchange(impl_->running, false)) return;
  for (const auto& worker : impl_->workers) worker->begin_drain();
  impl_->shared.wait_empty(impl_->shared.options.limits.drain_timeout);
  impl_->stop();
  for (const auto& worker : impl_->workers) worker->abandon_connections();
  impl_->socket_files.clear();
}

ServerStats Server::stats() const {
  const Shared& shared = impl_->shared;
  ServerStats stats;
  stats.connections_open = shared.connections.load(std::memory_order_relaxed);
  stats.connections_accepted = shared.accepted.load(std::memory_order_relaxed);
  stats.connections_refused = shared.refused.load(std::memory_order_relaxed);
  for (const auto& worker : impl_->workers) stats.requests += worker->requests();
  return stats;
}

}  // namespace latchkey::http
