// A reader of the log that stops stops nothing else: not a pipe's, not syslog's.
#include "relayd/daemon/log_queue.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "relayd/daemon/log.h"
#include "relayd/daemon/log_outputs.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::string read_all_of(int fd) {
  std::string out;
  std::array<char, 65536> buffer{};
  for (ssize_t bytes = 0; (bytes = read(fd, buffer.data(), buffer.size())) > 0;)
    out.append(buffer.data(), static_cast<std::size_t>(bytes));
  return out;
}

// Takes the place of stderr, as a pipe that is read when the test likes.
class StoppedReader : public testing::Test {
 protected:
  StoppedReader() {
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0);
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    dup2(ends_[1], STDERR_FILENO);
    log_ = make_logger(
        {.target = settings::LogTarget::kStderr}, [this](auto task) { tasks_.push_back(std::move(task)); },
        [this](auto task) { tasks_.push_back(std::move(task)); });
  }
  ~StoppedReader() override {
    log_.reset();
    dup2(before_, STDERR_FILENO);
    for (const int fd : {before_, ends_[0], ends_[1]})
      close(fd);
  }
  void run_tasks() {
    for (const auto& task : std::exchange(tasks_, {}))
      task();
  }

  std::array<int, 2> ends_{};
  int before_ = dup(STDERR_FILENO);
  std::vector<std::function<void()>> tasks_;
  std::unique_ptr<base::Logger> log_;
};

// Without the bound on waiting this test does not end.
TEST_F(StoppedReader, OfStandardErrorStopsNobody) {
  const std::string line(100, 'x');
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i)
    log_->log(i % 2 == 0 ? LogLevel::kWarning : LogLevel::kInfo, line + std::to_string(i));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  EXPECT_EQ(fcntl(ends_[1], F_GETFL) & O_NONBLOCK, 0) << "others hold this end too";
  std::string read;
  for (int i = 0; i < 100; ++i) {
    read += read_all_of(ends_[0]);
    run_tasks();
  }
  EXPECT_THAT(read, HasSubstr(line + "0\n"));
  EXPECT_THAT(read,
              MatchesRegex("(.|\n)*warning: [0-9]+ log lines lost: they came faster than they were read\n"));
  EXPECT_LT(read.size(), 600'000U) << "what waits is bounded";
  log_->log(LogLevel::kWarning, "read again");
  EXPECT_THAT(read_all_of(ends_[0]), EndsWith("warning: read again\n"));
}

TEST_F(StoppedReader, LinesStayWhole) {
  for (int i = 0; i < 5000; ++i)
    log_->log(LogLevel::kWarning, std::string(static_cast<std::size_t>(i % 300), 'y') + "z");
  std::string read;
  for (int i = 0; i < 100; ++i) {
    read += read_all_of(ends_[0]);
    run_tasks();
  }
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = read.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = read.substr(begin, end - begin);
    EXPECT_THAT(line, HasSubstr(" warning: "));
    EXPECT_TRUE(line.ends_with('z') || line.ends_with("were read")) << line;
  }
  EXPECT_EQ(begin, read.size());
}

TEST_F(StoppedReader, IsNotWaitedForAtTheEnd) {
  for (int i = 0; i < 2000; ++i)
    log_->log(LogLevel::kWarning, std::string(100, 'x'));
  const auto begun = std::chrono::steady_clock::now();
  log_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST_F(StoppedReader, NobodyReadsAnyMore) {
  std::signal(SIGPIPE, SIG_IGN);
  close(std::exchange(ends_[0], -1));
  for (int i = 0; i < 5000; ++i)
    log_->log(LogLevel::kWarning, std::string(100, 'x'));
}

// Nothing from the wire can begin a line of its own, whoever forgot to escape it.
TEST_F(StoppedReader, ALineIsOneLine) {
  log_->log(LogLevel::kWarning, "a cause\n2026-01-01 relayd: forged\x1b[2J");
  EXPECT_THAT(read_all_of(ends_[0]), EndsWith("a cause?2026-01-01 relayd: forged?[2J\n"));
}

class Journal : public testing::Test {
 protected:
  Journal() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0);
    dup2(ends_[1], STDERR_FILENO);
  }
  ~Journal() override {
    dup2(before_, STDERR_FILENO);
    for (const int fd : {before_, ends_[0], ends_[1]})
      close(fd);
    unsetenv("JOURNAL_STREAM");
  }
  [[nodiscard]] std::string logged() const {
    const auto log =
        make_logger({.target = settings::LogTarget::kStderr, .journal = "/nonexistent"}, [](const auto&) {});
    log->log(LogLevel::kDebug, "d");
    log->log(LogLevel::kInfo, "i");
    log->log(LogLevel::kWarning, "w");
    log->log(LogLevel::kError, "e");
    return read_all_of(ends_[0]);
  }

  std::array<int, 2> ends_{};
  int before_ = dup(STDERR_FILENO);
};

TEST_F(Journal, HasTimeAndNameOfItsOwnAndIsToldThePriority) {
  struct stat ours {};
  fstat(STDERR_FILENO, &ours);
  setenv("JOURNAL_STREAM", (std::to_string(ours.st_dev) + ':' + std::to_string(ours.st_ino)).c_str(), 1);
  EXPECT_EQ(logged(), "<7>d\n<6>i\n<4>w\n<3>e\n");
}

TEST_F(Journal, IsNotWhatStandardErrorWasSentToFromThere) {
  setenv("JOURNAL_STREAM", "8:4711", 1);
  EXPECT_THAT(logged(), MatchesRegex("20[^<]* relayd\\[[0-9]+\\] debug: d\n(.|\n)*"));
}

class Syslog : public testing::Test {
 protected:
  void listen_at(int type) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    socket_ = base::Descriptor(socket(AF_UNIX, type | SOCK_NONBLOCK, 0));
    ASSERT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    if (type == SOCK_STREAM) {
      ASSERT_EQ(listen(socket_.get(), 1), 0);
    }
  }
  [[nodiscard]] std::string next() const {
    std::array<char, 4096> buffer{};
    const ssize_t bytes = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(bytes, 0))};
  }

  support::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/log";
  base::Descriptor socket_;
};

TEST_F(Syslog, GetsADatagramALine) {
  listen_at(SOCK_DGRAM);
  SyslogOutput output(path_);
  EXPECT_EQ(output.write("<22>one\n").state, LogOutput::State::kOpen);
  EXPECT_EQ(output.write("<22>two\n").bytes, 8U);
  EXPECT_EQ(next(), "<22>one");
  EXPECT_EQ(next(), "<22>two");
}

TEST_F(Syslog, ThatStandsStillStopsNobody) {
  listen_at(SOCK_DGRAM);
  std::vector<std::function<void()>> tasks;
  LogQueue queue(
      std::make_unique<SyslogOutput>(path_), [&](auto task) { tasks.push_back(std::move(task)); },
      [](auto lost) { return std::to_string(lost) + " lost\n"; });
  for (int i = 0; i < 10'000; ++i) {
    queue.add(std::string(100, 'x') + std::to_string(i) + '\n');
    queue.flush();
  }
  EXPECT_GT(queue.lost(), 1000U);
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    const std::string read = next();
    if (!read.empty()) last = read;
    for (const auto& task : std::exchange(tasks, {}))
      task();
  }
  EXPECT_THAT(last, EndsWith(" lost"));
  EXPECT_EQ(queue.lost(), 0U);
}

TEST_F(Syslog, ThatIsStartedAnewIsFoundAgain) {
  SyslogOutput output(path_);
  EXPECT_EQ(output.write("early\n").state, LogOutput::State::kGone);
  listen_at(SOCK_DGRAM);
  EXPECT_EQ(output.write("one\n").state, LogOutput::State::kOpen);
  socket_ = base::Descriptor();
  unlink(path_.c_str());
  EXPECT_EQ(output.write("two\n").state, LogOutput::State::kGone);
  listen_at(SOCK_DGRAM);
  EXPECT_EQ(output.write("two\n").state, LogOutput::State::kOpen);
  EXPECT_EQ(next(), "two");
}

TEST_F(Syslog, OfStreamsGetsANulBehindALine) {
  listen_at(SOCK_STREAM);
  SyslogOutput output(path_);
  EXPECT_EQ(output.write("one\n").state, LogOutput::State::kOpen);
  const base::Descriptor accepted(accept(socket_.get(), nullptr, nullptr));
  std::array<char, 100> buffer{};
  EXPECT_EQ(recv(accepted.get(), buffer.data(), buffer.size(), 0), 4);
  EXPECT_EQ(std::string(buffer.data(), 4), std::string("one\0", 4));
}

}  // namespace
}  // namespace tsmtp::daemon
