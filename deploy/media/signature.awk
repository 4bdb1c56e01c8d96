# Draws a handwritten-looking signature as strokes of a pen, docs/protocol/signatures.md, from a seed: the hand starts and ends slowly, presses most in
# the middle of a stroke, and lifts between two. It writes no real name. Usage: awk -v seed=N -f signature.awk
function turn() { state = (state * 1103515245 + 12345) % 2147483648; return state / 2147483648 }
function whole(n) { return int(n < 0 ? n - 0.5 : n + 0.5) }
function stroke(x, y, dx, dy, bend,   i, n, t, cx, cy, px, py, press, lastX, lastY, lastAt) {
  cx = x + dx / 2 + bend * dy; cy = y + dy / 2 - bend * dx
  n = 8 + int(sqrt(dx * dx + dy * dy) / 5)
  for (i = 0; i <= n; i++) {
    t = (1 - cos(3.14159 * i / n)) / 2
    px = whole(10 * ((1-t)^2*x + 2*t*(1-t)*cx + t^2*(x+dx))); py = whole(10 * ((1-t)^2*y + 2*t*(1-t)*cy + t^2*(y+dy)))
    press = whole(70 + 120 * sin(3.14159 * t) * (0.75 + 0.25 * turn()))
    if (i == 0) printf ";%d,%d,%d,%d", px, py, at, press
    else printf ",%d,%d,%d,%d", px - lastX, py - lastY, at - lastAt, press
    lastX = px; lastY = py; lastAt = at; at += 8 + int(3 * turn())
  }
  at += 60 + int(90 * turn())
}
BEGIN {
  state = seed * 7919 + 17
  printf "1,3600,1400,p"
  for (c = 0; c < 3; c++) {
    left = 24 + c * 102 + 10 * turn()
    shape = int(4 * turn())
    if (shape == 0) { # crossed, with two falling strokes
      stroke(left, 38 + 10*turn(), 62 + 12*turn(), -6 - 6*turn(), 0.08)
      stroke(left + 34 + 8*turn(), 18 + 8*turn(), -8 + 10*turn(), 88 + 10*turn(), 0.06 - 0.12*turn())
      stroke(left + 30, 54 + 8*turn(), -30 - 6*turn(), 44 + 8*turn(), -0.18)
      stroke(left + 38, 56 + 8*turn(), 34 + 8*turn(), 42 + 8*turn(), -0.22)
    } else if (shape == 1) { # a box run through in one movement, and a tail
      stroke(left + 8, 34 + 6*turn(), -4, 46 + 6*turn(), 0.05)
      stroke(left + 8, 36, 44 + 8*turn(), -4, 0.1)
      stroke(left + 52, 34, -8, 44 + 6*turn(), -0.1)
      stroke(left + 4, 58 + 6*turn(), 50, -4 + 6*turn(), 0.06)
      stroke(left + 28, 14 + 6*turn(), 2 + 6*turn(), 92 + 8*turn(), 0.05)
    } else if (shape == 2) { # dots, then a loop that sweeps away
      stroke(left + 6, 30 + 8*turn(), 10, 12, 0.1)
      stroke(left + 2, 56 + 6*turn(), 12, 10, 0.1)
      stroke(left + 4, 104, 22, -26 - 6*turn(), 0.1)
      stroke(left + 30, 30 + 8*turn(), 42 + 8*turn(), -4, 0.12)
      stroke(left + 54, 28, -30 - 6*turn(), 54 + 8*turn(), -0.2)
      stroke(left + 26, 66 + 6*turn(), 56 + 8*turn(), 34 + 8*turn(), 0.28)
    } else { # three strokes across, one down with a hook
      stroke(left + 4, 30 + 6*turn(), 52 + 8*turn(), -6, 0.08)
      stroke(left + 10, 54 + 6*turn(), 40 + 8*turn(), -6, 0.08)
      stroke(left, 78 + 6*turn(), 66 + 8*turn(), -8, 0.08)
      stroke(left + 32, 20 + 6*turn(), 0, 84 + 8*turn(), 0.08 - 0.16*turn())
      stroke(left + 32, 104 + 4*turn(), -16, -10, 0.2)
    }
    if (c < 2 && turn() > 0.3) stroke(left + 62, 96 + 6*turn(), 44, -52 + 10*turn(), 0.3)
  }
  stroke(60, 118, 240 + 30*turn(), -6 - 8*turn(), 0.05)
  print ""
}
