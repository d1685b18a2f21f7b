// Times each case and its reference, or, under callgrind, has their instructions counted: a dump for each,
// with its name.
#include <benchmark/benchmark.h>
#include <valgrind/callgrind.h>

#include "tests/micro/micro.h"

namespace tsmtp::micro {
namespace {

void measure(benchmark::State& state, const std::string& name, std::size_t bytes,
             const std::function<void()>& work) {
  work();  // memory is there then, and functions are bound
  CALLGRIND_ZERO_STATS;
  for (auto _ : state)
    work();
  CALLGRIND_DUMP_STATS_AT(name.c_str());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void add(const std::string& name, std::size_t bytes, const std::function<void()>& work) {
  auto* const added = benchmark::RegisterBenchmark(
      name.c_str(), [=](benchmark::State& state) { measure(state, name, bytes, work); });
  if (RUNNING_ON_VALGRIND != 0) added->Iterations(1);
}

}  // namespace
}  // namespace tsmtp::micro

int main(int argc, char** argv) {
  using namespace tsmtp::micro;
  for (const auto& cases : {frame_cases(), content_cases(), line_cases(), digest_cases()}) {
    for (const Case& each : cases) {
      add(each.name, each.bytes, each.subject);
      add(each.name + "/reference", each.bytes, each.reference);
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  benchmark::RunSpecifiedBenchmarks();
}
