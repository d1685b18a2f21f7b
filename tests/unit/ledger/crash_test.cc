// What has been acknowledged survives: SIGKILL at any moment, and a disk that is full.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "relayd/ledger/store.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::ledger {
namespace {

Change row(int number, bool durable) {
  return {.table = Table::kDoubts,
          .key = std::to_string(number),
          .value = std::string(static_cast<std::size_t>(number % 500), 'v'),
          .durable = durable};
}

/// Runs `work` in a child with the writing end of a pipe; the child never runs the parent's destructors.
struct Child {
  pid_t pid = -1;
  int acknowledged = -1;  ///< reading end
};

template <typename Work>
Child start(Work work) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    work(ends[1]);
    _exit(0);
  }
  close(ends[1]);
  return {pid, ends[0]};
}

void acknowledge(int fd, int number) {
  static_cast<void>(!write(fd, &number, sizeof number));
}

/// Acknowledgements until the pipe ends or there are `most` of them.
std::set<int> read_acknowledgements(int fd, std::size_t most) {
  std::set<int> out;
  int number = 0;
  while (out.size() < most && read(fd, &number, sizeof number) == sizeof number)
    out.insert(number);
  return out;
}

std::set<int> stored(Store& store) {
  std::set<int> out;
  const auto rows = store.load(Table::kDoubts);
  EXPECT_TRUE(rows);
  if (!rows) return out;
  for (const Entry& entry : *rows) {
    const int number = std::stoi(entry.key);
    EXPECT_EQ(entry.value, *row(number, false).value);
    out.insert(number);
  }
  return out;
}

// P4. A third of the changes are durable; of a killed process, the others survive too.
TEST(Crash, KilledAtAnyMomentLosesNothingAcknowledged) {
  const support::TemporaryDirectory dir;
  std::set<int> acknowledged;
  for (int round = 0; round < 6; ++round) {
    const Child child = start([&](int fd) {
      auto store = Store::open(dir.file("ledger"));
      for (int i = round * 1'000'000; store; ++i) {
        const Change batch[] = {row(i, i % 3 == 0)};
        if (!(*store)->apply(batch)) break;
        acknowledge(fd, i);
      }
    });
    acknowledged.merge(read_acknowledgements(child.acknowledged, static_cast<std::size_t>(1 + round * 150)));
    kill(child.pid, SIGKILL);
    acknowledged.merge(read_acknowledgements(child.acknowledged, 1'000'000));  // those it still managed
    close(child.acknowledged);
    waitpid(child.pid, nullptr, 0);

    auto store = Store::open(dir.file("ledger"));
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_THAT(stored(**store), testing::IsSupersetOf(acknowledged));
  }
  EXPECT_GT(acknowledged.size(), 1000U);
}

// A limit on file sizes stands for a full disk: the log cannot grow.
void fill_up(const std::string& dir, int fd) {
  signal(SIGXFSZ, SIG_IGN);
  auto store = Store::open(dir);
  if (!store) _exit(3);
  const rlimit tight{.rlim_cur = 200U << 10, .rlim_max = RLIM_INFINITY};
  const rlimit wide{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (setrlimit(RLIMIT_FSIZE, &tight) != 0) _exit(4);
  int i = 0;
  for (int failures = 0; failures < 3; ++i) {
    if (i > 100'000) _exit(5);
    const Change batch[] = {row(i, true)};
    if ((*store)->apply(batch))
      acknowledge(fd, i);
    else
      ++failures;
  }
  if (setrlimit(RLIMIT_FSIZE, &wide) != 0) _exit(4);
  const Change batch[] = {row(++i, true)};
  if (!(*store)->apply(batch)) _exit(6);  // an error lasts no longer than its cause
  acknowledge(fd, i);
}

TEST(Crash, FullDiskIsAnErrorThatPasses) {
  const support::TemporaryDirectory dir;
  const Child child = start([&](int fd) { fill_up(dir.file("ledger"), fd); });
  const std::set<int> acknowledged = read_acknowledgements(child.acknowledged, 1'000'000);
  close(child.acknowledged);
  int status = 0;
  waitpid(child.pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_GT(acknowledged.size(), 10U);
  auto store = Store::open(dir.file("ledger"));
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_THAT(stored(**store), testing::IsSupersetOf(acknowledged));
}

}  // namespace
}  // namespace tsmtp::ledger
