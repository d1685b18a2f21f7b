// main() of a fuzz target without a fuzzer: replays files, or all files of directories.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace {

namespace fs = std::filesystem;

void replay(const fs::path& path) {
  std::cout << path.filename().string() << std::endl;  // the last one named is the one that fails
  std::ifstream file(path, std::ios::binary);
  const std::string input{std::istreambuf_iterator<char>(file), {}};
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::set<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    if (fs::is_directory(argv[i])) {
      files.insert(fs::directory_iterator(argv[i]), fs::directory_iterator());
    } else {
      files.insert(argv[i]);
    }
  }
  for (const fs::path& file : files)
    replay(file);
  tsmtp::fuzz::must(!files.empty(), "there is something to replay");
  return 0;
}
