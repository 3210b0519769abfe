//! The line of threads that wait for a lane which another moves on: who is awake, who sleeps, and who takes the lane over.
//!
//! Plain data under the lane's lock. A thread stands in line awake for as long as its patience lasts, and then lies down. While
//! somebody in line is awake, an owner that leaves tells nobody: who is awake sees by itself that the lane is free. Where all
//! sleep it calls one, the *deputy*, once; if that finds that the lane is owned again (its owner calls again at once, as most
//! do), it lies down and from then on looks by itself every few milliseconds, so that the owner pays no system call for each of
//! its messages.

/// The number of a thread's seat.
pub(crate) type Number = u32;

/// Who takes the lane over when it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deputy {
    number: Number,
    /// It looks by itself.
    looks: bool,
}

/// Who stands in line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    awake: u32,
    asleep: Vec<Number>,
    deputy: Option<Deputy>,
    /// Somebody has come since the owner looked.
    has_newcomer: bool,
    /// Seats that nobody has.
    free: Vec<Number>,
    /// How many seats were ever given.
    given: Number,
}

impl Line {
    /// Whether nobody stands in line.
    pub fn is_empty(&self) -> bool {
        self.awake == 0 && self.asleep.is_empty()
    }

    /// A thread gets a place and a seat. It is awake.
    pub fn stand(&mut self) -> Number {
        self.awake += 1;
        self.has_newcomer = true;
        self.free.pop().unwrap_or_else(|| {
            self.given += 1;
            self.given - 1
        })
    }

    /// Whether somebody has come since this was asked last.
    pub fn take_newcomer(&mut self) -> bool {
        std::mem::take(&mut self.has_newcomer)
    }

    /// A thread that is awake is about to sleep. It was called before and found the lane owned: `in_vain`. Returns whether it must
    /// look by itself, for nobody will call it to take the lane over.
    pub fn lie_down(&mut self, number: Number, in_vain: bool) -> bool {
        self.awake -= 1;
        self.asleep.push(number);
        let deputy = self.deputy.get_or_insert(Deputy { number, looks: in_vain });
        if deputy.number == number {
            deputy.looks |= in_vain;
        }
        deputy.number == number && deputy.looks
    }

    /// A thread has slept. Returns whether it was called to take the lane over.
    pub fn get_up(&mut self, number: Number) -> bool {
        !self.wakes(number)
    }

    /// A thread leaves the line.
    pub fn leave(&mut self, number: Number) {
        self.wakes(number);
        self.awake -= 1;
        self.deputy = self.deputy.filter(|deputy| deputy.number != number);
        self.free.push(number);
    }

    /// The lane is free: whom to call, if anybody must be; without delay if something is to be done.
    pub fn next(&mut self, has_work: bool) -> Option<Number> {
        if self.awake > 0 {
            return None;
        }
        let number = match self.deputy {
            Some(Deputy { looks: true, .. }) if !has_work => return None,
            Some(Deputy { number, .. }) => number,
            None => *self.asleep.last()?,
        };
        // Counts as awake from now on, so that it is called once.
        self.deputy = Some(Deputy { number, looks: false });
        self.wakes(number);
        Some(number)
    }

    fn wakes(&mut self, number: Number) -> bool {
        let place = self.asleep.iter().position(|asleep| *asleep == number);
        if let Some(place) = place {
            self.asleep.swap_remove(place);
            self.awake += 1;
        }
        place.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_awake_need_not_be_called() {
        let mut line = Line::default();
        let (a, b) = (line.stand(), line.stand());
        assert!(line.take_newcomer() && !line.take_newcomer());
        assert!(!line.lie_down(a, false));
        assert_eq!(line.next(false), None);
        line.leave(b);
        assert_eq!(line.next(false), Some(a));
        line.leave(a);
        assert!(line.is_empty() && line.next(false).is_none());
        assert_ne!(line.stand(), line.stand());
    }

    #[test]
    fn one_sleeper_is_called_and_only_once() {
        let mut line = Line::default();
        let all = [line.stand(), line.stand(), line.stand()];
        assert!(all.iter().all(|number| !line.lie_down(*number, false)));
        assert_eq!((line.next(false), line.next(false)), (Some(all[0]), None));
        // In vain: it looks by itself from now on, until it leaves.
        assert!(line.get_up(all[0]) && line.lie_down(all[0], true));
        assert_eq!((line.next(false), line.next(true)), (None, Some(all[0])));
        assert!(line.get_up(all[0]) && line.lie_down(all[0], true));
        assert!(!line.get_up(all[0]) && line.lie_down(all[0], true));
        line.leave(all[0]);
        assert_eq!(line.next(false), Some(all[1]));
    }

    #[test]
    fn another_takes_the_deputys_place() {
        let mut line = Line::default();
        let (a, b) = (line.stand(), line.stand());
        assert!(!line.lie_down(a, false) && !line.lie_down(b, true));
        line.leave(a);
        assert_eq!(line.next(false), Some(b));
        assert!(!line.lie_down(b, false), "a deputy that was not called in vain is called again");
        assert_eq!(line.next(false), Some(b));
    }
}
