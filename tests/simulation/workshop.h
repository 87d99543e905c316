#pragma once

#include <string>

#include "simulation/node.h"
#include "simulation/shared_database.h"

namespace latchkey::simulation {

// What outlives a history in this process.
struct Workshop {
  explicit Workshop(std::string folder);
  ~Workshop();
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  std::string key_file(int node) const;
  // Every node has the key file that it had at first.
  void put_keys_back();

  static constexpr int kMostNodes = 3;
  static constexpr const char* kPassword = "correct horse 0";

  const std::string folder;
  SharedDatabase database;
  Shelf shelf;
  std::string hash;  // of kPassword
  std::string keys;  // what the key file holds at first
};

// The whole of a key file, and a key file with that content.
std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);

}  // namespace latchkey::simulation
