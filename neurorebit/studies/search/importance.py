"""How much each key of a space moves an objective: shares of its variance over the trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from neurorebit.studies.search.objectives import Objective
from neurorebit.studies.search.optimiser import distributions, parameters, quiet
from neurorebit.studies.search.space import Space
from neurorebit.studies.search.trials import Trial

FEWEST = 8  # designs that exist, of which shares say something
TREES = 32


def importances(
    space: Space, objectives: Sequence[Objective], trials: Iterable[Trial]
) -> dict[str, dict[str, float]]:
    """For each objective the share of each key (functional ANOVA of a random forest, F. Hutter et
    al., ICML 2014), the largest first; of keys that all designs have. Empty where trials are few.
    """
    found: dict[str, dict[str, float]] = {}
    for one in objectives:
        scored = [(trial, score) for trial in trials if (score := _score(one, trial)) is not None]
        if len(scored) < FEWEST or len({score for _, score in scored}) < 2:
            found[one.name] = {}
            continue
        with quiet() as optuna:
            study = optuna.create_study()
            study.add_trials(
                optuna.trial.create_trial(
                    params=parameters(space, trial),
                    distributions=distributions(optuna, space, trial),
                    value=score,
                )
                for trial, score in scored
            )
            forest = optuna.importance.FanovaImportanceEvaluator(n_trees=TREES, seed=0)
            shares: Mapping[str, float] = optuna.importance.get_param_importances(
                study, evaluator=forest
            )
        found[one.name] = {key: float(share) for key, share in shares.items()}
    return found


def _score(objective: Objective, trial: Trial) -> float | None:
    """The score of a trial, None where it has none."""
    if objective.column not in trial.costs:
        return None
    score = float(objective.score(np.array([trial.costs[objective.column]]))[0])
    return score if np.isfinite(score) else None
