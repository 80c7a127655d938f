"""Training of the generators: minutes on a CPU, seeded, reproducible on the same kind of machine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from demo.generators import EIGEN, ENLARGED_BY, eigen, networks
from demo.generators.networks import Codes

Report = Callable[[str], None]
BATCH = 32
VAE_EPOCHS, GAN_EPOCHS = 30, 90
KL_WEIGHT = 1.0  # weight of the KL term relative to the squared error of a whole image


def train(name: str, images: np.ndarray, path: Path, report: Report = print) -> None:
    """Fit one model to uint8 (n, 128, 128) ``images`` and write its weights."""
    scaled = images.astype(np.float32) / 127.5 - 1
    if name == EIGEN:
        eigen.train(scaled, path)
        return
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)  # with several threads the order of summation is not fixed
    decoder = networks.Decoder(ENLARGED_BY[name]).to(memory_format=torch.channels_last)
    fit = _vae if name == "vae" else _gan
    codes = fit(decoder, torch.from_numpy(scaled)[:, None], report)
    networks.save(decoder, codes, path)


def _batches(images: Tensor) -> Iterator[Tensor]:
    """Batches of images in random order, each shifted by up to 4 px; an incomplete last batch is dropped."""
    for part in torch.randperm(len(images)).split(BATCH):
        if len(part) == BATCH:
            down, right = (int(torch.randint(-4, 5, ())) for _ in range(2))
            yield functional.pad(images[part], (4, 4, 4, 4), "replicate")[
                :, :, 4 + down : 132 + down, 4 + right : 132 + right
            ]


def _vae(decoder: nn.Module, images: Tensor, report: Report) -> Codes:
    """Kingma and Welling 2014; codes are drawn from a Gaussian fitted to those of the training images.

    (Ghosh et al. 2020: with few images these fill only a part of the standard normal.)
    """
    encoder = networks.encoder(2 * networks.LATENT).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, VAE_EPOCHS)
    for epoch in range(VAE_EPOCHS):
        total = 0.0
        for batch in _batches(images):
            mean, log_variance = encoder(batch).chunk(2, 1)
            code = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
            error = (decoder(code) - batch).square().sum((1, 2, 3)).mean()
            divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
            loss = error + KL_WEIGHT * divergence
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += float(error.detach())
        schedule.step()
        report(f"epoch {epoch + 1} of {VAE_EPOCHS}: squared error {total / (len(images) // BATCH):.0f}")
    with torch.inference_mode():
        found = torch.cat([encoder(part).chunk(2, 1)[0] for part in images.split(BATCH)]).double()
    return Codes(found.mean(0), torch.linalg.cholesky(found.T.cov() + 1e-4 * torch.eye(networks.LATENT)))


def _gan(decoder: nn.Module, images: Tensor, report: Report) -> Codes:
    """Goodfellow et al. 2014, with the hinge loss and spectral normalisation (Miyato et al. 2018)."""
    critic = networks.encoder(1, critic=True).to(memory_format=torch.channels_last)
    makers = torch.optim.Adam(decoder.parameters(), 2e-4, betas=(0.5, 0.99))
    critics = torch.optim.Adam(critic.parameters(), 2e-4, betas=(0.5, 0.99))
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(each, lambda e: min(1.0, 2 * (1 - e / GAN_EPOCHS)))
        for each in (makers, critics)
    ]
    for epoch in range(GAN_EPOCHS):
        totals = np.zeros(2)
        for batch in _batches(images):
            made = decoder(torch.randn(BATCH, networks.LATENT))
            loss = (
                functional.relu(1 - critic(batch)).mean() + functional.relu(1 + critic(made.detach())).mean()
            )
            critics.zero_grad()
            loss.backward()
            critics.step()
            deceit = -critic(made).mean()
            makers.zero_grad()
            deceit.backward()
            makers.step()
            totals += float(loss.detach()), float(deceit.detach())
        for schedule in schedules:
            schedule.step()
        critic_loss, maker_loss = totals / (len(images) // BATCH)
        report(f"epoch {epoch + 1} of {GAN_EPOCHS}: critic {critic_loss:.2f}, generator {maker_loss:.2f}")
    return Codes(torch.zeros(networks.LATENT), torch.eye(networks.LATENT))
