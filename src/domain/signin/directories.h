#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "domain/ground/ground.h"
#include "domain/providers/provider_set.h"
#include "domain/signin/whose_password.h"
#include "platform/task.h"
#include "platform/telemetry/line_budget.h"
#include "platform/threads/work_pool.h"

namespace latchkey::signin {

// Somebody whom a directory believes, by the password that they gave here.
struct DirectoryPerson {
  const providers::Provider* provider = nullptr;
  providers::Person person;
};

// The directories of the configuration. A directory may keep whoever asks it waiting, so it is
// asked on threads of its own: one that hangs holds up neither requests nor hashes nor another
// directory, and who waits for it has a deadline that begins when they come, not when it is their
// turn.
class Directories {
 public:
  struct Bounds {
    Duration patience = std::chrono::seconds{10};
    std::size_t threads = 16;  // of one directory
    std::size_t queue = 200;   // who waits for one of these
  };

  Directories(const Ground& ground, const providers::ProviderSet& providers)
      : Directories(ground, providers, Bounds()) {}
  Directories(const Ground& ground, const providers::ProviderSet& providers, const Bounds& bounds);
  ~Directories();
  Directories(const Directories&) = delete;
  Directories& operator=(const Directories&) = delete;

  // Ends the calls that run and the threads. To be called while the server whose handlers wait for
  // them still exists.
  void close();

  bool none() const { return all_.empty(); }
  // In the order of the configuration.
  std::vector<const providers::Provider*> all() const;

  // Whose password it is.
  struct Question {
    const providers::Provider* provider = nullptr;
    std::string user;          // as typed
    std::string subject = {};  // of somebody who is known; empty: of whoever has that name
  };
  struct Answer {
    Word word = Word::no_answer;
    std::shared_ptr<const DirectoryPerson> person = {};  // with yes
  };
  Task<Answer> ask(Question question, Secret password);

 private:
  struct One {
    One(const providers::Provider& of, const Bounds& bounds)
        : provider(&of), pool(bounds.threads, bounds.queue, 0) {}

    const providers::Provider* provider;
    threads::WorkPool pool;
  };

  Answer heard(const providers::Provider& provider, providers::Reply<providers::Person> reply);

  const Ground& ground_;
  const Bounds bounds_;
  telemetry::LineBudget lines_{1};
  std::stop_source stop_;
  std::vector<std::unique_ptr<One>> all_;  // last: its threads use the rest
};

}  // namespace latchkey::signin
