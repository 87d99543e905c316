// Fills a database with live sessions through the domain's own operations, and writes their access
// tokens to a file. Prints what they take on disk.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bench/program.h"
#include "bench/store.h"
#include "domain/accounts/user_rows.h"
#include "domain/sessions/session_rows.h"
#include "platform/crypto/argon2id.h"

namespace latchkey::bench {
namespace {

constexpr std::size_t kBatch = 2000;

struct Plan {
  std::string directory;
  std::size_t users = 1000;
  std::size_t sessions = 0;
  std::string password;
  crypto::PasswordHashOptions hashing;
};

std::vector<sessions::Account> add_users(Store& store, const Plan& plan) {
  const std::string hash = crypto::argon2id_hash(plan.password, plan.hashing.params());
  std::vector<sessions::Account> accounts;
  while (accounts.size() < plan.users) {
    const std::size_t end = std::min(accounts.size() + kBatch, plan.users);
    auto batch = store.db().write_now([&](db::Tx& tx) {
      std::vector<sessions::Account> added;
      for (std::size_t i = accounts.size(); i < end; ++i) {
        sessions::Account account;
        account.localpart = user_name(i);
        do {
          account.id = store.ground().ids.next<UserId>(store.now());
        } while (
            !accounts::insert_user(tx, account.id, account.localpart, hash, false, store.now()));
        added.push_back(std::move(account));
      }
      return added;
    });
    accounts.insert(accounts.end(), batch.begin(), batch.end());
  }
  return accounts;
}

void add_sessions(Store& store, const Plan& plan, const std::vector<sessions::Account>& accounts) {
  std::ofstream tokens(plan.directory + "/tokens");
  for (std::size_t done = 0; done < plan.sessions;) {
    const std::size_t end = std::min(done + kBatch, plan.sessions);
    const auto batch = store.db().write_now([&](db::Tx& tx) {
      std::vector<sessions::Record> added;
      for (std::size_t i = done; i < end; ++i) {
        const auto account = sessions::lock_account(tx, accounts[i % accounts.size()].id);
        auto session = store.sessions().start(tx, account.value(), session_wanted(i));
        added.push_back(session.value().record);
      }
      return added;
    });
    for (const sessions::Record& record : batch) {
      tokens << store.sessions().tokens_of(0, record).access_token << '\n';
    }
    done = end;
  }
}

// The file's size when all is in it and nothing in the -wal.
std::uintmax_t size_on_disk(const Plan& plan) {
  return std::filesystem::file_size(plan.directory + "/latchkey.db");
}

int run(int argc, char** argv) {
  Plan plan;
  std::uint64_t hash_memory = plan.hashing.hash_memory;
  CLI::App app{"Fills a database with live sessions."};
  app.add_option("--directory", plan.directory, "An empty folder")->required();
  app.add_option("--users", plan.users, "Users user0000000000000000, …");
  app.add_option("--sessions", plan.sessions, "Sessions, dealt out to the users in turn");
  app.add_option("--password", plan.password, "The users' password")->required();
  app.add_option("--hash-memory", hash_memory, "passwords.hash_memory, in bytes");
  app.add_option("--hash-passes", plan.hashing.hash_passes, "passwords.hash_passes");
  CLI11_PARSE(app, argc, argv);
  plan.hashing.hash_memory = config::Bytes{hash_memory};

  std::vector<sessions::Account> accounts;
  {
    Store store(plan.directory);
    accounts = add_users(store, plan);
  }
  const std::uintmax_t users_only = size_on_disk(plan);
  {
    Store store(plan.directory);
    add_sessions(store, plan, accounts);
  }
  const double each = plan.sessions == 0 ? 0.0
                                         : static_cast<double>(size_on_disk(plan) - users_only) /
                                               static_cast<double>(plan.sessions);
  std::printf("{\"users\": %zu, \"sessions\": %zu, \"bytes_per_session\": %.1f}\n", plan.users,
              plan.sessions, each);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace latchkey::bench

int main(int argc, char** argv) {
  return latchkey::bench::run_program("seed", latchkey::bench::run, argc, argv);
}
