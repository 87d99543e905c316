#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "platform/config/config.h"

// A configuration with an option of each type, for the tests of this room.
namespace latchkey::config {

enum class Colour { red, green };

struct Inner {
  Duration lifetime = std::chrono::minutes(5);
  Limit age;
  Limit idle = std::chrono::hours(1);

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("lifetime", lifetime, "How long a token lives.", Between{1s, 1h});
    visit("age", age, "The greatest age.", Between{1h, 240h});
    visit("idle", idle, "The longest rest.");
  }
  std::vector<std::string> problems() const {
    if (age && *age < lifetime) return {"age must not be less than lifetime"};
    return {};
  }
};

struct Deep {
  Inner inner;
  Secret key;
  Path folder{"data"};
  std::vector<Path> files;

  template <class Visitor>
  void options(Visitor& visit) {
    visit.group("inner", inner, "The inner group.");
    visit("key", key, "The key.", Between{8, 64});
    visit("folder", folder, "Where files go.");
    visit("files", files, "More files.", Between{0, 2}, Example{"[\"a.yaml\"]"});
  }
};

struct Sample {
  std::string name;
  bool flag = false;
  int whole = -3;
  unsigned positive = 3;
  std::size_t count = 10;
  std::int64_t big = 1;
  double ratio = 0.5;
  std::vector<std::string> list = {"127.0.0.1:8008", "[::1]:8008"};
  Bytes size = 64 * 1024;
  Colour colour = Colour::green;
  std::string note;
  Deep deep;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("name", name, "The name.", required, Example{"example.com"}, Between{1, 20});
    visit("flag", flag, "Whether it is on.");
    visit("whole", whole, "A number.", Between{-10, 10});
    visit("positive", positive, "Another number.");
    visit("count", count, "How many.", Between{1, 100});
    visit("big", big, "A big number.");
    visit("ratio", ratio, "A ratio.", Between{0.25, 1});
    visit("list", list, "Where it listens.", Between{1, 3});
    visit("size", size, "How large.", Between{1024, 1 << 20});
    visit("colour", colour, "Red | green.",
          Choices<Colour>{{"red", Colour::red}, {"green", Colour::green}});
    visit("note", note, "Anything; for an example see below.", Example{"a note"});
    visit.group("deep", deep, "The deep group.");
  }
  std::vector<std::string> problems() const {
    if (name == note) return {"name and note must differ"};
    return {};
  }
};

}  // namespace latchkey::config
